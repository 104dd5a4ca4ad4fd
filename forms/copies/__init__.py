"""Forms of copies in other stores."""

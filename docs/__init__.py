"""The documents; some pages are generated."""

"""What pages read, each with the same number of statements for ten rows as for a thousand."""

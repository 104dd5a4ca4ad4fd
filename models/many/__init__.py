"""One thing done to many strategies: the rows, and how far they are."""

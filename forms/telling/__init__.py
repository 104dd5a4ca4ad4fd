"""Forms of who is told."""

"""What people do with projects, environments and secrets. Nothing here commits: the caller does."""

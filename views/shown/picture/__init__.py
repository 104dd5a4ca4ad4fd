"""Access keys as bars on a time axis: tiny in a row of the list (mini.py), big on a page (timeline.py)."""

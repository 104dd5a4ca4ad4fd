"""Who still uses a key, and who is told when nobody does.

wishes.py: the wish, and the notices that answer it.
"""

from views.watching.wishes import bp

__all__ = ["bp"]

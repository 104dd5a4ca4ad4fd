"""The programs of a strategy: what they are handed.

choice.py   the key itself or temporary credentials, and for how long
"""

from views.programs.choice import bp

__all__ = ["bp"]

"""Whether Keyturn itself works: for people, for what watches processes, and for a line on every page."""

from views.system import pages
from views.system.blueprint import bp

__all__ = ["bp", "pages"]

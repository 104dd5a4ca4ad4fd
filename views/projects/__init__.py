"""Projects: the list, a new one, its settings and environments, the first steps."""

from views.projects import environments, listing, settings, starting
from views.projects.blueprint import bp

__all__ = ["bp", "environments", "listing", "settings", "starting"]

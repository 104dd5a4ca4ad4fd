"""One thing done to many strategies of the tab: chosen, confirmed once, watched."""

from views.bulk import asking  # noqa: F401 - the views register themselves
from views.bulk.blueprint import bp

__all__ = ["bp"]

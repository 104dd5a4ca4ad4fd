"""The audit log: of a project for its members, of everything for administrators; as a page and as CSV."""

from views.audit import downloading, listing
from views.audit.blueprint import bp

__all__ = ["bp", "downloading", "listing"]

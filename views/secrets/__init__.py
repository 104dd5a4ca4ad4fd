"""Secrets: the list of a place, and what can be done with each of them."""

from views.secrets import adding, copying, deleting, editing, importing, listing, moving, revealing, versions
from views.secrets.blueprint import bp

__all__ = ["adding", "bp", "copying", "deleting", "editing", "importing", "listing", "moving", "revealing", "versions"]

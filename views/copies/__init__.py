"""Copies of secrets in other stores.

listing.py       the tab: all destinations
destinations.py  a destination: made, tested, changed, deleted
copying.py       a copy: begun, changed, made now, removed
"""

from views.copies import copying, destinations, listing
from views.copies.blueprint import bp

__all__ = ["bp", "copying", "destinations", "listing"]

"""Service tokens: what lets programs in.

listing.py   the page, and a token's end
making.py    what is shown once: a new token, another value for one
"""

from views.tokens import listing, making
from views.tokens.blueprint import bp

__all__ = ["bp", "listing", "making"]

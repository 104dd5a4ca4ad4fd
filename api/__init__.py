"""What programs ask: no pages, no cookies, no CSRF; a service token lets them in.

blueprint.py     the addresses, whose errors are problems
credentials.py   the endpoint of the AWS SDKs
door.py          who asks, and the one answer to whoever may not
nothing.py       addresses that don't exist
problems.py      errors as application/problem+json
reading.py       the secrets that a token reaches
"""

from __future__ import annotations

from flask import Flask

from api import credentials, nothing, reading
from api.blueprint import bp

__all__ = ["credentials", "nothing", "reading", "register"]


def register(app: Flask) -> None:
    """Add the routes to the app."""
    app.register_blueprint(bp)

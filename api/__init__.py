"""What programs ask: no pages, no cookies, no CSRF; a service token lets them in.

credentials.py   the endpoint of the AWS SDKs
door.py          who asks, and the one answer to whoever may not
nothing.py       addresses that don't exist
problems.py      errors as application/problem+json
reading.py       the secrets that a token reaches
"""

from __future__ import annotations

from flask import Flask

from api import credentials, nothing, reading


def register(app: Flask) -> None:
    """Add the routes to the app."""
    app.register_blueprint(credentials.bp)
    app.register_blueprint(reading.bp)
    app.register_blueprint(nothing.bp)

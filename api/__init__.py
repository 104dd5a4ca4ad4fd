"""What programs ask: no pages, no cookies, no CSRF; a service token lets them in.

audit.py         what of the audit log a token reaches
blueprint.py     the addresses: described, for tokens alone, whose errors are problems
credentials.py   the endpoint of the AWS SDKs
description.py   what there is, as OpenAPI 3.1
documents.py     the description itself, and the page that shows it
door.py          who asks, and the one answer to whoever may not
fields.py        texts and moments as programs send and get them
myself.py        the token itself
nothing.py       addresses that don't exist
paging.py        long lists, a page at a time
problems.py      errors as application/problem+json
secrets/         secrets that a token reads or writes
strategies/      strategies, their rotations, keys and connections
unchanged.py     what has not changed, said again without asking anew
waiting.py       reads that are held until something has changed
writing.py       requests that change something, once
"""

from __future__ import annotations

from flask import Flask

from api import audit, credentials, documents, myself, nothing, secrets, strategies
from api.blueprint import bp
from api.description import describe
from api.unchanged import Unchanged
from database import db
from models.reading.mark import DatabaseMark
from views.frame import services
from views.frame.security import csrf

__all__ = ["audit", "credentials", "documents", "myself", "nothing", "register", "secrets", "strategies"]


def register(app: Flask) -> None:
    """Add the routes to the app."""
    describe(app)
    app.register_blueprint(documents.bp)
    csrf.exempt(bp)  # no browser sends a token by itself
    nothing.init_app(app)
    with app.app_context():
        mark = DatabaseMark(db.engine)
    app.wsgi_app = Unchanged(app.wsgi_app, mark, services.services_of(app).clock)  # type: ignore[method-assign]

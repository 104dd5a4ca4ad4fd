"""`?wait=`: a read is held until something has changed. The app only says what for; who holds it is the server.

Where the server can't hold requests (a test, a debugger), the answer comes at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from marshmallow import fields, validate

LONGEST_S = 30
WAIT = "keyturn.wait"
"""Where in a request's WSGI environment the server that can hold it has put a `Wait`."""

Subject = tuple[str, str | int]
"""What may change: `("project", id)`, its secrets, strategies and tokens; or `("rotation", id)`, its steps."""


@dataclass
class Wait:
    """What a request waits for, and for how long at most."""

    subject: Subject | None = None
    seconds: int = 0


def wait_field() -> fields.Integer:
    """The query's field."""
    return fields.Integer(
        load_default=0,
        validate=validate.Range(0, LONGEST_S),
        metadata={"description": "With `If-None-Match`: hold the answer for so many seconds, until something changed."},
    )


def wait_for(subject: Subject, seconds: int) -> None:
    """Hold this request while its answer is 304, if the server can."""
    wait = request.environ.get(WAIT)
    if isinstance(wait, Wait) and seconds:
        wait.subject, wait.seconds = subject, seconds

"""Requests that change something: each is one transaction, and with an idempotency key is done once."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, g, jsonify, request

from api.blueprint import View, note
from api.door import want_token
from api.problems import Problem, invalid
from database import db
from models import TokenWrite
from models.programs import writes
from models.programs.writes import Claimed, Refused
from views.frame.services import keyring, now

HEADER = "Idempotency-Key"
_LONGEST = 255


def writing(view: View) -> View:
    """Commit what the view wrote, once for a key; it doesn't commit itself. Its answer holds no value."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return _do(view, None, *args, **kwargs)
        claimed = _claim(key)
        if isinstance(claimed, TokenWrite):
            return _again(claimed)
        db.session.commit()
        try:
            return _do(view, claimed, *args, **kwargs)
        except BaseException:
            db.session.rollback()
            writes.release(db.session(), claimed)
            db.session.commit()
            raise

    return note(wrapper, "writing")


def after_commit(action: Callable[[], None]) -> None:
    """Do this once what the request wrote is committed."""
    g.setdefault("after_commit", []).append(action)


def _do(view: View, claimed: Claimed | None, *args: Any, **kwargs: Any) -> Response:
    response: Response = view(*args, **kwargs)
    if claimed is not None:
        body = response.get_json() if response.is_json else None
        if not writes.settle(db.session(), claimed, response.status_code, response.headers.get("Location", ""), body):
            raise _IN_FLIGHT
    db.session.commit()
    for action in g.get("after_commit", []):
        action()
    return response


def _claim(key: str) -> Claimed | TokenWrite:
    if not 0 < len(key) <= _LONGEST:
        raise invalid({HEADER: [f"Has 1 to {_LONGEST} characters."]})
    told = "\n".join((request.method, request.full_path, request.headers.get("If-Match", "")))
    # By a key that isn't in the database: whoever has that alone can't try what a value may have been.
    secret = keyring().derived("api: digests of requests")
    digest = hmac.new(secret, told.encode() + b"\n" + request.get_data(), hashlib.sha256).hexdigest()
    key_hash = hashlib.sha256(key.encode()).hexdigest()
    found = writes.claim(db.session(), want_token(), key_hash, digest, now())
    if found is Refused.OTHER_REQUEST:
        raise Problem(422, "key-reused", "Key used already", f"This {HEADER} was sent with another request before.")
    if found is Refused.IN_FLIGHT:
        raise _IN_FLIGHT
    return found


def _again(done: TokenWrite) -> Response:
    """The answer of the first time."""
    response = jsonify(done.body) if done.body is not None else Response()
    response.status_code = done.status or 200
    if done.location:
        response.headers["Location"] = done.location
    response.headers["Idempotency-Replayed"] = "true"
    db.session.rollback()
    return response


_IN_FLIGHT = Problem(
    409, "in-flight", "Being done", f"A request with this {HEADER} is being done. Ask again.", Retry_After="1"
)

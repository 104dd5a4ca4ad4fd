"""Who asks. Every refusal is the same answer, whether the thing exists or not; refusals are counted and limited."""

from __future__ import annotations

from typing import NoReturn

from flask import g, request
from flask_limiter import RateLimitExceeded
from sqlalchemy.orm import Session

from api.problems import Problem
from database import READING_METHODS, aside, db
from models import ServiceToken
from models.programs.token import TOUCH, count_refusal, find_token, touch
from views.frame.limits import limiter
from views.frame.services import now

_REFUSED = (
    "The token is unknown, revoked or expired, may not be used from this address, or has no right to what was asked "
    "for; or there is no such thing. The project's page of tokens tells of refusals."
)


def want_token() -> ServiceToken:
    """The token that the request was sent with. Refuses one that doesn't hold, or not from here.

    SDKs send it in `Authorization` as it stands, others with `Bearer` before it.
    """
    if "token" not in g:
        g.token = _find()
    found: ServiceToken = g.token
    return found


def _find() -> ServiceToken:
    text = request.headers.get("Authorization", "").strip()
    scheme, _, rest = text.partition(" ")
    token = find_token(db.session(), rest.strip() if scheme.lower() == "bearer" else text, now())
    if token is None or not token.holds(now()) or not token.may_come_from(request.remote_addr or ""):
        refuse(token)
    _note_use(token)
    return token


def name_of(token: ServiceToken) -> str:
    """Who does what the token asks for, in the audit log and wherever else people read it; no person is called so."""
    return f"token:{token.name}"


def refuse(token: ServiceToken | None) -> NoReturn:
    """Give the one answer to whoever may not. A token that is right is never kept waiting for wrong ones."""
    token_id = None if token is None else token.id
    db.session.rollback()
    try:
        _count_refusal()
    except RateLimitExceeded:
        raise Problem(429, "too-many", "Too many refusals", "Mend the token first.", Retry_After="60") from None
    if token_id is not None:
        with Session(db.engine) as writer:
            count_refusal(writer, token_id, now())
            writer.commit()
    raise Problem(401, "refused", "Refused", _REFUSED, WWW_Authenticate="Bearer")


def _note_use(token: ServiceToken) -> None:
    address = request.remote_addr or ""
    if token.used_at is not None and now() - token.used_at < TOUCH and token.used_from == address:
        return
    if request.method not in READING_METHODS:
        # This request's transaction may hold SQLite's only write lock: another one would wait for it in vain.
        touch(db.session(), token.id, address, now())
        return
    with aside() as writer:
        touch(writer, token.id, address, now())


@limiter.shared_limit("60 per minute", scope="refusals")
def _count_refusal() -> None:
    """Flask-Limiter counts where it decorates."""

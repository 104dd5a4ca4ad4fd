"""The endpoint of the AWS SDKs: the container-credentials protocol.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from marshmallow import Schema, fields
from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from api.blueprint import bp
from api.door import refuse, want_token
from api.fields import LARGEST_ID, Answer
from api.problems import Problem
from database import db, writing
from keyturn.token_form import document
from models import RotationStrategy, ServiceToken
from models.base import stamp
from models.programs.token import TokenStrategy
from models.secret import Secret
from rotation.programs.handing import Handed, NotReadyError, promise, ready
from rotation.programs.sessions import want_session
from views.frame.services import config, courier, keyring, now

_TIMES = 3


class CredentialsAnswer(Answer):
    """What AWS SDKs take."""

    AccessKeyId = fields.String()
    SecretAccessKey = fields.String()
    Token = fields.String(
        allow_none=True, metadata={"optional": True, "description": "How it is left out depends on who asks."}
    )
    Expiration = fields.DateTime(metadata={"description": "Until when it holds for certain. Ask again before."})


class CredentialsQuery(Schema):
    """How to answer."""

    token = fields.String(
        metadata={"description": "How a session token that isn't there is written: `empty`, `null` or `absent`."}
    )


# Built once: to build it takes longer than to execute it.
_OF_TOKEN = (
    select(RotationStrategy, Secret.environment_id, Secret.path)
    .join(TokenStrategy, TokenStrategy.strategy_id == RotationStrategy.id)
    .join(Secret, Secret.id == RotationStrategy.access_key_secret_id)
    .where(
        TokenStrategy.token_id == bindparam("token"), TokenStrategy.fetches,
        RotationStrategy.id == bindparam("strategy"),
    )
)  # fmt: skip


@bp.get("/v1/credentials/<strategy>", tags=["Credentials"])
@bp.arguments(CredentialsQuery, location="query")
@bp.response(200, CredentialsAnswer)
def credentials(_query: dict[str, Any], strategy: str) -> Response:
    """Hand out the strategy's credentials, as an AWS SDK asks for them."""
    token = want_token()
    chosen = _find(token, strategy)
    if chosen is None:
        refuse(token)
    try:
        return jsonify(_document(_hand_out(token, chosen)))
    except NotReadyError as reason:
        _fetch_first(chosen)
        raise Problem(503, "not-ready", "Not ready", str(reason), Retry_After="2") from None


def _find(token: ServiceToken, strategy: str) -> RotationStrategy | None:
    """The strategy of that number, if the token names it and reaches where its secrets are."""
    if not (strategy.isascii() and strategy.isdecimal()) or int(strategy[:12]) > LARGEST_ID:
        return None
    row = db.session.execute(_OF_TOKEN, {"token": token.id, "strategy": int(strategy)}).one_or_none()
    return row[0] if row is not None and token.covers(row[1], row[2]) else None


def _hand_out(token: ServiceToken, strategy: RotationStrategy) -> Handed:
    """What is handed out, after it was written down that it is. Raises NotReadyError."""
    sealing = token.project.sealing_key(keyring())
    for _ in range(_TIMES):
        handed = ready(db.session(), sealing, strategy, token, now())
        if handed is not None:
            return handed
        writing()
        promise(db.session(), strategy, token, now(), config().handed_margin_s)
        db.session.commit()
    raise NotReadyError("The key is being turned at this moment. Ask again.")


def _fetch_first(strategy: RotationStrategy) -> None:
    """Have temporary credentials fetched at once where nobody has asked for them before."""
    strategy_id = strategy.id
    writing()
    wanted = want_session(db.session(), db.session.get_one(RotationStrategy, strategy_id), now())
    try:
        db.session.commit()
    except IntegrityError:  # another request was first
        db.session.rollback()
    else:
        if wanted is not None:
            courier().session(*wanted)


def _document(handed: Handed) -> dict[str, Any]:
    pair = handed.pair
    return document(
        pair.access_key_id, pair.secret_access_key, pair.session_token or "", stamp(handed.until),
        chosen=request.args.get("token", ""), headers=request.headers,
    )  # fmt: skip

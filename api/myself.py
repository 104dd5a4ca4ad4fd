"""The token itself: what it may, for whoever holds it."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from api.blueprint import bp
from api.door import want_token
from api.fields import Answer, Moment


class TokenAnswer(Answer):
    """A service token, without what it shows."""

    name = fields.String()
    environment = fields.String()
    path = fields.String()
    subtree = fields.Boolean(metadata={"description": "Whether it reaches what lies below the path too."})
    reads_secrets = fields.Boolean()
    writes_secrets = fields.Boolean()
    expires_at = Moment(allow_none=True)


@bp.get("/api/v1/token", tags=["Token"])
@bp.conditional
@bp.response(200, TokenAnswer)
def show_token() -> dict[str, Any]:
    """Show the token that the request was sent with. Any that holds may ask."""
    token = want_token()
    return {
        "name": token.name, "environment": token.environment.name, "path": token.path, "subtree": token.subtree,
        "reads_secrets": token.reads_secrets, "writes_secrets": token.writes_secrets, "expires_at": token.expires_at,
    }  # fmt: skip

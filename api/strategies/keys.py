"""Access keys of the strategies that a token names, never their secrets."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from api.blueprint import bp
from api.door import want_token
from api.paging import read_page
from api.strategies.reach import strategy_in_reach
from api.strategies.schemas import KeysAnswer, KeysQuery
from models import AccessKey
from models.programs.reach import strategies_of


@bp.get("/api/v1/keys", tags=["Keys"])
@bp.arguments(KeysQuery, location="query")
@bp.conditional
@bp.response(200, KeysAnswer)
def list_keys(query: dict[str, Any]) -> dict[str, Any]:
    """List access keys with their states, the newest first; never their secrets."""
    token = want_token()
    if "strategy" in query:
        these = AccessKey.strategy_id == strategy_in_reach(token, query["strategy"]).id
    else:
        these = AccessKey.strategy_id.in_(strategies_of(token))
    by = (AccessKey.intent_at, AccessKey.id)
    rows, cursor = read_page(select(*by, AccessKey).where(these), by, query, newest_first=True)
    return {"keys": [row.AccessKey for row in rows], "next_cursor": cursor}

"""The connections of the strategies that a token names, never with their secrets."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from api.blueprint import bp
from api.door import want_token
from api.paging import PageQuery, read_page
from api.strategies.schemas import ConnectionsAnswer
from models import Connection
from models.programs.reach import connections_of


@bp.get("/api/v1/connections", tags=["Connections"])
@bp.arguments(PageQuery, location="query")
@bp.conditional
@bp.response(200, ConnectionsAnswer)
def list_connections(query: dict[str, Any]) -> dict[str, Any]:
    """List the connections of the strategies that the token names; never their secrets."""
    mine = select(Connection.name, Connection).where(connections_of(want_token()))
    rows, cursor = read_page(mine, [Connection.name], query)
    return {"connections": [row.Connection for row in rows], "next_cursor": cursor}

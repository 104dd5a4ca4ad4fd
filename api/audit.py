"""What of the audit log a token reaches: entries about the strategies that it names, and its secrets."""

from __future__ import annotations

from typing import Any

from marshmallow import fields
from sqlalchemy import select

from api.blueprint import bp
from api.door import want_token
from api.fields import Answer, Moment
from api.paging import PageAnswer, PageQuery, read_page
from models import AuditEntry
from models.programs.reach import entries_of


class EntryAnswer(Answer):
    """An entry: who did what to what. Names are those of that time."""

    id = fields.Integer()
    at = Moment()
    actor = fields.String(metadata={"description": "A person, `token:` and a token, or a part of Keyturn."})
    action = fields.String(metadata={"description": "As `thing.verb`: `rotation.succeed`."})
    thing = fields.String()
    strategy_id = fields.Integer(allow_none=True)
    secret_id = fields.Integer(allow_none=True)
    detail = fields.Dict(keys=fields.String())


class EntriesAnswer(PageAnswer):
    """Entries, the newest first."""

    entries = fields.List(fields.Nested(EntryAnswer))


@bp.get("/api/v1/audit", tags=["Audit"])
@bp.arguments(PageQuery, location="query")
@bp.conditional
@bp.response(200, EntriesAnswer)
def list_entries(query: dict[str, Any]) -> dict[str, Any]:
    """List the audit log's entries about what the token reaches, the newest first."""
    by = (AuditEntry.at, AuditEntry.id)
    mine = select(*by, AuditEntry).where(entries_of(want_token()))
    rows, cursor = read_page(mine, by, query, newest_first=True)
    return {"entries": [row.AuditEntry for row in rows], "next_cursor": cursor}

"""The log as CSV, streamed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from flask import Response, abort, stream_with_context
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from database import db
from models.audit import AuditEntry
from models.engine import READ_ONLY
from models.reading.log import Filter, project_names, read_all
from views.audit.blueprint import bp, get_log
from views.frame.services import now

COLUMNS = ("time", "who", "action", "thing", "user", "project", "details", "address")
"""`user`: the IAM user concerned, if any."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@bp.get("/audit.csv", endpoint="csv_everything")
@bp.get("/projects/<project_name>/audit.csv", endpoint="csv_project")
def download(project_name: str | None = None) -> ResponseReturnValue:
    """Download what the filter finds, all of it. Times are UTC."""
    log = get_log(project_name)
    if not log.form.validate():
        abort(400)
    part = f"-{log.project.name}" if log.project else ""
    name = f"keyturn-audit{part}-{now():%Y-%m-%d}.csv"
    return Response(
        stream_with_context(_lines(log.filter)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _lines(wanted: Filter) -> Iterator[str]:
    yield _line(COLUMNS)
    with Session(db.engine.execution_options(**{READ_ONLY: True})) as session:
        names = project_names(session)
        for entry in read_all(session, wanted):
            yield _line(_cells(entry, names.get(entry.project_id or "", entry.project_name)))


def _cells(entry: AuditEntry, project: str) -> tuple[str, ...]:
    details = json.dumps(entry.detail, ensure_ascii=False, sort_keys=True) if entry.detail else ""
    at = entry.at.isoformat()
    return (at, entry.actor, entry.action, entry.thing, entry.user_name, project, details, entry.address)


def _line(cells: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([_harmless(cell) for cell in cells])
    return line.getvalue()


def _harmless(cell: str) -> str:
    """The cell as text also for a spreadsheet, which takes one that begins like a formula for one."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell

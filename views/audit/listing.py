"""Reading the log, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from flask import abort, request
from flask.typing import ResponseReturnValue

from database import db
from models import Secret
from models.reading.log import Cursor, Page, living_strategies, project_names, read_page
from views.audit.blueprint import Log, bp, get_log
from views.audit.words import Shown, show
from views.frame.services import now
from views.frame.times import reader_zone
from views.htmx import page_or_partial

PAGE_SIZE = 50


@bp.get("/audit", endpoint="list_everything")
@bp.get("/projects/<project_name>/audit", endpoint="list_project")
def list_entries(project_name: str | None = None) -> ResponseReturnValue:
    """List who did what, the newest first."""
    log = get_log(project_name)
    before = _cursor(request.args.get("before", ""))
    fine = log.form.validate()
    page = read_page(db.session(), log.filter, PAGE_SIZE, before) if fine else Page([], None)
    values: dict[str, Any] = {"project": log.project} if log.project else {}
    return page_or_partial(
        "audit/project.html" if log.project else "audit/everything.html",
        "audit/_entries.html",
        200 if fine else 422,
        log=log,
        form=log.form,
        days=_days(_shown(log, page)),
        count=len(page.entries),
        older=page.older,
        is_newest=before is None,
        about=_about(log) if fine else "",
        **values,
    )


def _cursor(text: str) -> Cursor | None:
    try:
        return Cursor.parse(text) if text else None
    except ValueError:
        abort(400)


def _shown(log: Log, page: Page) -> list[Shown]:
    living = living_strategies(db.session(), page)
    names = {log.project.id: log.project.name} if log.project else project_names(db.session(), page)
    return [
        show(entry, names.get(entry.project_id or "", ""), living.get(entry.strategy_id or 0, ""))
        for entry in page.entries
    ]


def _days(shown: Iterable[Shown]) -> list[tuple[str, list[Shown]]]:
    """The entries by day of the reader's zone."""
    zone, today = reader_zone(), now().astimezone(reader_zone()).date()
    days = []
    for day, entries in groupby(shown, lambda each: each.entry.at.astimezone(zone).date()):
        near = {0: "Today, ", 1: "Yesterday, "}.get((today - day).days, "")
        days.append(
            (f"{near}{day:%a} {day.day} {day:%B}{'' if day.year == today.year else f' {day.year}'}", list(entries))
        )
    return days


def _about(log: Log) -> str:
    """What the log is about, where a link has narrowed it to one secret or strategy."""
    wanted = log.filter
    if wanted.secret_id is not None:
        secret = db.session.get(Secret, wanted.secret_id)
        mine = secret is not None and log.project is not None and secret.project_id == log.project.id
        return secret.name if mine and secret else "a secret"
    return "a rotation strategy" if wanted.strategy_id is not None else ""

"""What the pages of strategies and rotations are rendered with: shared by the views of both."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import g, render_template, request
from markupsafe import Markup
from sqlalchemy import select

from database import db
from models import AccessKey, Environment, Project, Rotation, RotationStrategy
from models.copies.copy import copies_of
from models.reading.ages import count_older
from models.watching.uses import uses_of
from models.watching.wishes import has_wished
from rotation.ending.undoing import kept_pair
from views.fetch_rotation import sane_id
from views.frame.identity import me
from views.frame.services import config, keyring, now
from views.frame.times import reader_zone
from views.htmx import out_of_band
from views.shown import facts, listing
from views.shown.handover.copies import show as show_copy
from views.shown.handover.readers import LENGTHS_S, board
from views.shown.page import RECENT, count_rotations, page, past_rotations
from views.shown.paging import Tab
from views.shown.picture import uses
from views.shown.rotation import is_idle
from views.shown.rotation_page import rotation_page
from views.system.state import late, system_state

PAGE_SIZE = 50
PARTS_OF_STRATEGY = (
    "strategies/page/_head.html",
    "strategies/page/_trouble.html",
    "strategies/page/_timeline.html",
    "old_keys/_old_key.html",
    "programs/_programs.html",
    "copies/_of_strategy.html",
    "strategies/page/_recent.html",
    "strategies/page/_plan.html",
    "strategies/page/_foreign.html",
    "ending/_emergency.html",
)
"""What of a strategy's page changes with its rotations and its old key."""

_OUTAGES = {
    "database": "The database isn't ready",
    "redis": "The queue can't be reached",
    "full": "The queue is full",
    "workers": "No worker runs",
    "sweep": "The scheduler doesn't run",
}


def outage() -> str:
    """Why nothing that is asked for starts, as a heading; empty when somebody works."""
    trouble = system_state().trouble
    return _OUTAGES[trouble] if trouble else ""


def tab(project: Project) -> Tab:
    """The project's strategies in the order of the list, as of this request."""
    known: dict[str, Tab] = g.setdefault("tabs", {})
    return known.setdefault(project.id, Tab(db.session(), project.id, now(), late()))


def attention_count(project: Project) -> int:
    """How many of the project's strategies need attention: the number on the tab."""
    return tab(project).attention


def list_values(project: Project, search: listing.Search, start: int) -> dict[str, Any]:
    """What the list shows of what the search finds, from the strategy numbered `start` on."""
    strategies = tab(project)
    found = strategies.count(search) if search else strategies.total
    ids = strategies.ids(search, start, PAGE_SIZE)
    full = facts.in_full(db.session(), ids)
    rows = [
        listing.row(full[strategy_id], now(), late(), reader_zone(), project.max_key_age_s)
        for strategy_id in ids
        if strategy_id in full
    ]
    environments = select(Environment.name).where(Environment.project_id == project.id).order_by(Environment.position)
    too_old = _too_old(project)
    return {
        "project": project,
        "search": search,
        "rows": rows,
        "total": strategies.total,
        "found": found,
        "start": start,
        "left": max(found - start - PAGE_SIZE, 0),
        "attention": strategies.attention,
        "too_old": too_old,
        "environments": db.session.scalars(environments).all(),
        "nobody_works": outage() if any(row.stands_still for row in rows) else "",
        "page_size": PAGE_SIZE,
        "mark": listing.seen(rows, strategies.total, found, strategies.attention, too_old),
    }


def _too_old(project: Project) -> int:
    if project.max_key_age_s is None:
        return 0
    return count_older(db.session(), project.id, now() - timedelta(seconds=project.max_key_age_s))


def render_row(project: Project, strategy: RotationStrategy) -> str:
    """The strategy's row of the list."""
    row = listing.row(
        facts.in_full(db.session(), [strategy.id])[strategy.id], now(), late(), reader_zone(), project.max_key_age_s
    )
    nobody_works = outage() if row.stands_still else ""
    return render_template("strategies/_strategy.html", project=project, row=row, nobody_works=nobody_works)


def finished(project: Project, strategy: RotationStrategy) -> Markup:
    """The ended rotation that the strategy's page still shows, out of band; empty when it shows none."""
    rotation_id = sane_id(request.values.get("finished", 0, type=int))
    mine = select(Rotation).where(Rotation.strategy_id == strategy.id, Rotation.id == rotation_id)
    rotation = db.session.scalar(mine.where(Rotation.ended_at.is_not(None)))
    if rotation is None:
        return Markup("")
    values = progress_values(project, rotation, on_strategy=True)
    return out_of_band(render_template("rotations/_progress.html", **values))


def page_values(
    project: Project, strategy: RotationStrategy, wanted_range: str = "", *, asking: int = 0
) -> dict[str, Any]:
    """What the strategy's page shows. `asking`: since when AWS is asked about the old key, in Unix milliseconds."""
    shown = page(db.session(), strategy, now(), late(), reader_zone(), wanted_range)
    old = shown.facts.old
    return {
        "project": project,
        "strategy": strategy,
        "page": shown,
        "no_way_back": _no_way_back(project, strategy, shown.key_before),
        "recent": past_rotations(db.session(), strategy, now(), RECENT),
        "rotations_count": count_rotations(db.session(), strategy),
        "asking": asking,
        "nobody_works": outage() if asking or (old is not None and old.ended_by) else "",
        "moment": now(),
        "poll_s": config().last_use_poll_s,
        "board": board(db.session(), strategy, config().url or request.host_url.rstrip("/"), now()),
        "lengths_s": LENGTHS_S,
        "copies": [show_copy(each, now()) for each in copies_of(db.session(), strategy)],
        **({} if old is None else _uses(old, shown.facts.current)),
    }


def _no_way_back(project: Project, strategy: RotationStrategy, before: AccessKey | None) -> bool:
    """Whether no undo can go to the key before: it was taken over, and its secret is kept nowhere."""
    if before is None or not before.taken_over:
        return False
    return kept_pair(db.session(), strategy, before, project.sealing_key(keyring())) is None


def _uses(old: AccessKey, current: AccessKey | None) -> dict[str, Any]:
    """What AWS told of the old key's uses and of the new one's, and whether the reader waits for an end."""
    told = uses_of(db.session(), old.id, uses.MOST_USES)
    on_new = [] if current is None else uses_of(db.session(), current.id, uses.MOST_USES)
    return {"uses": uses.draw(old, told, on_new, now()), "wished": has_wished(db.session(), old.id, me().id)}


def progress_values(project: Project, rotation: Rotation, *, on_strategy: bool) -> dict[str, Any]:
    """What the steps of a rotation are shown with, on its own page or on the strategy's."""
    nobody_works = outage() if is_idle(rotation, now()) else ""
    shown = rotation_page(db.session(), rotation, now(), reader_zone(), stands_still=bool(nobody_works))
    return {
        "project": project,
        "strategy": shown.strategy,
        "shown": shown,
        "on_strategy": on_strategy,
        "nobody_works": nobody_works,
        "zone": str(reader_zone()),
        "moment": now(),
    }

"""Strategies, each with its state and next time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from api.blueprint import bp
from api.door import refuse, want_token
from api.fields import LARGEST_ID
from api.paging import PageQuery, read_page
from api.strategies.rotations import failure_of
from api.strategies.schemas import StrategiesAnswer, StrategyAnswer
from database import db
from models import RotationStrategy, TokenStrategy
from models.programs.reach import strategies_of
from views.frame.services import now
from views.shown.facts import in_full
from views.shown.state import State
from views.shown.strategy import Facts, has_failed, next_time, state_of
from views.system.state import late

_COLUMNS = (RotationStrategy.id, TokenStrategy.fetches, TokenStrategy.rotates)


@bp.get("/api/v1/strategies", tags=["Strategies"])
@bp.arguments(PageQuery, location="query")
@bp.conditional
@bp.response(200, StrategiesAnswer)
def list_strategies(query: dict[str, Any]) -> dict[str, Any]:
    """List the strategies that the token names."""
    rows, cursor = read_page(strategies_of(want_token(), *_COLUMNS), [RotationStrategy.id], query)
    return {"strategies": _documents(rows), "next_cursor": cursor}


@bp.get("/api/v1/strategies/<int:strategy_id>", tags=["Strategies"])
@bp.conditional
@bp.response(200, StrategyAnswer)
def show_strategy(strategy_id: int) -> dict[str, Any]:
    """Show a strategy with its state and next time."""
    token = want_token()
    mine = strategies_of(token, *_COLUMNS).where(RotationStrategy.id == min(strategy_id, LARGEST_ID))
    found = _documents(db.session.execute(mine).all())
    return found[0] if found else refuse(token)


def _documents(rows: Sequence[Row[*tuple[Any, ...]]]) -> list[dict[str, Any]]:
    known = in_full(db.session(), [row.id for row in rows])
    return [{**_document(known[row.id]), "may_fetch": row.fetches, "may_rotate": row.rotates} for row in rows]


def _document(facts: Facts) -> dict[str, Any]:
    strategy, newest, current = facts.strategy, facts.newest, facts.current
    first, second = strategy.access_key_secret, strategy.secret_key_secret
    state = state_of(facts, now(), late())
    return {
        "id": strategy.id, "user_name": strategy.user_name, "account_id": strategy.account_id,
        "environment": first.environment.name, "path": first.path,
        "secrets": {"access_key_id": first.name, "secret_access_key": second.name},
        "connection": strategy.connection.name, "state": state.group.value, "says": _says(state),
        "failure": failure_of(newest) if has_failed(facts) else None,
        "access_key_id": current.access_key_id if current else None, "next_at": next_time(facts),
        "interval_s": strategy.interval_s, "cron": strategy.cron or None, "time_zone": strategy.time_zone,
        "rotation_id": newest.id if newest else None, "rotation_state": newest.state if newest else None,
        "hands_out": strategy.hands_out,
    }  # fmt: skip


def _says(state: State) -> str:
    line = state.line
    when = f" {line.moment:%Y-%m-%d %H:%M} UTC" if line.moment else ""
    more = f"{line.before}{when}{line.after}".strip()
    return f"{state.word}, {more}" if more else state.word

"""Long lists, a page at a time: each page says where the next one begins, and so holds whatever comes or goes."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from api.fields import Answer, Text
from api.problems import invalid
from database import db

LIMIT = 100
MOST = 1000

Columns = Sequence[InstrumentedAttribute[Any]]


class PageQuery(Schema):
    """Which part of a list."""

    limit = fields.Integer(
        load_default=LIMIT,
        validate=validate.Range(1, MOST),
        metadata={"description": "So many at most."},
    )
    cursor = Text(load_default="", metadata={"description": "The `next_cursor` of the page before."})


class PageAnswer(Answer):
    """A part of a list."""

    next_cursor = fields.String(
        allow_none=True, metadata={"description": "To be sent as `cursor` for the next page; null at the end."}
    )


def read_page(
    statement: Select[*tuple[Any, ...]], by: Columns, query: dict[str, Any], *, newest_first: bool = False
) -> tuple[list[Any], str | None]:
    """The page's rows and the cursor of the next one. `by`: columns, selected first, that order and tell rows apart."""
    if query["cursor"]:
        values = _read(query["cursor"], by)
        after = tuple_(*(literal(value, column.type) for value, column in zip(values, by, strict=True)))
        statement = statement.where(tuple_(*by) < after if newest_first else tuple_(*by) > after)
    order = [column.desc() if newest_first else column.asc() for column in by]
    rows = list(db.session.execute(statement.order_by(*order).limit(query["limit"] + 1)))
    shown = rows[: query["limit"]]
    return shown, _write(shown[-1][: len(by)]) if len(rows) > len(shown) else None


def _write(values: Sequence[Any]) -> str:
    told = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def _read(cursor: str, by: Columns) -> list[Any]:
    """The cursor's values. Raises the problem of one that no page gave."""
    kinds = [column.type.python_type for column in by]
    try:
        told = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [_moment(value) if kind is datetime else value for value, kind in zip(told, kinds, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError):
        values = []
    fits = len(values) == len(kinds) and all(map(_fits, values, kinds))
    if not fits:
        raise invalid({"cursor": ["No page gave this cursor."]})
    return values


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("without its zone")
    return moment.astimezone(UTC)


def _fits(value: Any, kind: type) -> bool:
    if isinstance(value, int) and not 0 <= value < 2**31:
        return False
    return type(value) is kind and not (isinstance(value, str) and ("\0" in value or not value.isprintable()))

"""How many SQL statements something takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import event

from database import db
from views.system.state import forget


def statements(app: Flask, action: Callable[[], Any]) -> list[str]:
    """The statements that `action` sends to the app's database, transactions' own aside."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")):
            sent.append(statement)

    with app.app_context():
        engine = db.engine
        # How the system is gets asked every few seconds: here each time, so that counts don't depend on time.
        forget()
    event.listen(engine, "before_cursor_execute", note)
    try:
        action()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return sent

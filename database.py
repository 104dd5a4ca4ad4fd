"""The only bridge between Flask and the models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flask import Flask, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from config import Config
from models import Base
from models.engine import PATIENCE_MS, READ_ONLY, prepare

_ASIDE_PATIENCE_MS = 100
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class RequestSession(FlaskSession):
    """A session whose transactions read only while a request reads: a GET never waits for SQLite's write lock.

    A GET that has to write after all calls `writing()` first.
    """

    writes = False

    def get_bind(self, *args: Any, **kwargs: Any) -> Any:
        """The engine, marked as reading where the request's method says so."""
        bind = super().get_bind(*args, **kwargs)
        reads = has_request_context() and request.method in READING_METHODS and not self.writes
        return _reading(bind) if reads and isinstance(bind, Engine) else bind


_reading_engines: dict[int, Engine] = {}


def _reading(engine: Engine) -> Engine:
    # One object per engine: a session takes each distinct engine for another database.
    if id(engine) not in _reading_engines:
        _reading_engines[id(engine)] = engine.execution_options(**{READ_ONLY: True})
    return _reading_engines[id(engine)]


db = SQLAlchemy(model_class=Base, session_options={"class_": RequestSession}, disable_autonaming=True)


def init_app(app: Flask, config: Config) -> None:
    """Connect the app to the configured database. The schema is `migrations.upgrade`'s."""
    app.config["SQLALCHEMY_DATABASE_URI"] = config.database
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)


@contextmanager
def aside() -> Iterator[Session]:
    """A transaction beside the request's own, committed at its end, for what is good to know but not worth waiting for.

    It is given up while another writer holds SQLite: the next request records it.
    """
    impatient = db.engine.execution_options(**{PATIENCE_MS: _ASIDE_PATIENCE_MS})
    with suppress(OperationalError), Session(impatient) as writer:
        yield writer
        writer.commit()


def writing() -> None:
    """From here on this request's session may write, though its method is a reading one. Ends the open transaction."""
    db.session.rollback()
    session = db.session()
    if isinstance(session, RequestSession):
        session.writes = True

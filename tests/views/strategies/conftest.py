"""A project with a strategy, workers that work, and a record of what they are sent."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from crypto import Keyring
from models import Project, RotationStrategy
from tests import turned
from views.shown import values


@dataclass
class Sent:
    """Stands for jobs.queue.Courier."""

    rotations: list[int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    def rotation(self, rotation_id: int, _taken: int) -> None:
        self.rotations.append(rotation_id)

    def key(self, key_id: str, _looked: int = 0) -> None:
        self.keys.append(key_id)

    def batch(self, batch_id: int) -> None:
        self.batches.append(batch_id)


@pytest.fixture
def sent(app: Flask):
    """What was sent to the workers."""
    wired = app.extensions["keyturn"]
    courier = Sent()
    app.extensions["keyturn"] = dataclasses.replace(wired, courier=courier)
    yield courier
    app.extensions["keyturn"] = wired


@pytest.fixture(autouse=True)
def system(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """How the parts beside the web are; `trouble` is what is wrong with them."""
    state = SimpleNamespace(trouble="")
    monkeypatch.setattr(values, "system_state", lambda: state)
    return state


@pytest.fixture
def billing(session: Session, keyring: Keyring, payments: Project) -> RotationStrategy:
    """Bob's strategy, which never rotated: every 30 days."""
    return turned.strategy(session, keyring, payments, "billing-api")

from __future__ import annotations

import pytest

from models import Copy, Destination, ProjectMember
from models.base import new_id
from rotation.copies.kinds import KINDS
from rotation.copies.store import Kind, Setting
from tests import factories, turned
from tests.fake_clock import START
from tests.rotation.copies.conftest import Shelf

LIST = "/projects/payments/copies"


@pytest.fixture
def shelf(monkeypatch):
    """A store in memory whose names have no blanks, and whose place decides who gets the credential."""
    made = Shelf()
    kind = Kind(
        "shelf", "Shelf", "A shelf for keys.",
        (
            Setting("place", "Board", leads=True, problem=lambda text: None if text else "Say which board."),
            Setting("colour", "Colour", choices=(("red", "Red"), ("blue", "Blue")), default="red"),
            Setting("locked", "Locked", is_switch=True),
        ),
        made.make, credential_label="Access token",
        place=lambda settings: f"board {settings['place']}",
        problem=lambda settings: ("colour", "The top is red.") if settings == TOP_AND_BLUE else None,
        name_problem=lambda name: "Leave out the blank." if " " in name else None,
    )  # fmt: skip
    monkeypatch.setitem(KINDS, "shelf", kind)
    return made


TOP_AND_BLUE = {"place": "top", "colour": "blue", "locked": ""}


@pytest.fixture
def destination(session, keyring, payments, shelf):
    made = Destination(
        id=new_id(), project_id=payments.id, name="shop", kind="shelf",
        settings={"place": "top", "colour": "red", "locked": "on"}, created_at=START, created_by="bob",
    )  # fmt: skip
    made.set_credential(payments.sealing_key(keyring), "example-token")
    session.add(made)
    session.commit()
    return made


@pytest.fixture
def other_project(session, keyring, bob):
    """Another one of bob's."""
    made = factories.project(session, keyring, "second")
    session.add(ProjectMember(project_id=made.id, user_id=bob.id))
    session.commit()
    return made


@pytest.fixture
def strategy(session, keyring, payments):
    made = turned.strategy(session, keyring, payments, "billing-api")
    session.commit()
    return made


@pytest.fixture
def copy(session, payments, destination, strategy):
    names = {"access_key_id": "AWS_ACCESS_KEY_ID", "secret_access_key": "AWS_SECRET_ACCESS_KEY"}
    made = Copy(
        project_id=payments.id, destination_id=destination.id, strategy_id=strategy.id, names=names, next_at=START,
        created_at=START, created_by="bob",
    )  # fmt: skip
    session.add(made)
    session.commit()
    return made

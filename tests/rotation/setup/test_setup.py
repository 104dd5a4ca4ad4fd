"""Two requests at the same moment: the database decides, and the one that loses is told why."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from models import Ends, RotationStrategy
from models.base import Base
from models.engine import open_database
from models.project import create_project
from models.vault.adding import NewSecret
from rotation.provider import KeyPair
from rotation.setup import connections, strategies
from rotation.setup.checks import Report, check
from rotation.setup.checks import Target as CheckedTarget
from rotation.setup.connections import Refused
from rotation.setup.strategies import NewConnection, Plan, Setup, TargetTaken, create_strategy
from tests.fake_clock import START, FakeClock
from tests.fake_provider import FakeProvider


@pytest.fixture
def session(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'keyturn.db'}")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def project(session, keyring):
    made = create_project(session, keyring, "payments", START)
    session.flush()
    return made


@pytest.fixture
def report() -> Report:
    return check(FakeProvider(FakeClock()), CheckedTarget("billing-api"))


def plan(project, number, path="/billing"):
    manager = KeyPair(f"AKIAEXAMPLEMANAGER0{number}", "example-secret")
    return Plan(
        connection=NewConnection(f"manager-{number}", manager, "eu-west-1"),
        user_name="billing-api",
        user_path="/",
        environment=project.environments[0],
        path=path,
        access_key=NewSecret("AWS_ACCESS_KEY", b""),
        secret_key=NewSecret("AWS_SECRET_ACCESS_KEY", b""),
        existing_key_id="",
        schedule=None,
        ends=Ends(grace_s=60, quiet_s=60, watch_s=60),
    )


def set_up(session, project, keyring):
    return Setup(session, project.sealing_key(keyring), START, "bob", lambda *_args, **_facts: None)


def test_the_second_for_a_target_is_refused(session, project, keyring, report):
    create_strategy(set_up(session, project, keyring), plan(project, 1), report)
    with pytest.raises(TargetTaken) as refused:
        create_strategy(set_up(session, project, keyring), plan(project, 2, "/other"), report)
    assert refused.value.project_id == project.id


def test_so_it_is_when_both_looked_before_either_wrote(session, project, keyring, report, monkeypatch):
    create_strategy(set_up(session, project, keyring), plan(project, 1), report)
    session.commit()
    looks = iter([None])
    really = strategies._same_target
    monkeypatch.setattr(strategies, "_same_target", lambda *where: next(looks, really(*where)))

    with pytest.raises(TargetTaken):
        create_strategy(set_up(session, project, keyring), plan(project, 2, "/other"), report)

    session.rollback()
    assert session.query(RotationStrategy).count() == 1


def test_a_connections_name_that_was_taken_a_moment_ago(session, project, keyring, report, monkeypatch):
    create_strategy(set_up(session, project, keyring), plan(project, 1), report)
    session.commit()
    monkeypatch.setattr(connections, "connections_of", lambda *_where: [])

    with pytest.raises(Refused, match="There is a connection manager-1"):
        create_strategy(set_up(session, project, keyring), plan(project, 1, "/other"), report)


def test_no_secret_in_what_a_plan_shows_of_itself(session, project):
    shown = repr(plan(project, 1))
    assert "example-secret" not in shown

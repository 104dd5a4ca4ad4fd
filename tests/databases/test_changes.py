"""What has changed is found for all who wait, on each kind of database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import Action, Project, RotationStrategy
from models.audit import record
from supervisor.front.changes import Changes
from tests import turned
from tests.fake_clock import START


def add(session, project_id, action=Action.SECRET_CHANGE):
    record(session, at=START, actor="bob", action=action, thing="a thing", project_id=project_id)
    session.flush()


def project_of(world):
    found = world.session.query(Project).one().id
    world.session.commit()
    return found


def test_each_once(any_world):
    session, changes, project = any_world.session, Changes(any_world.db), project_of(any_world)
    mine = [("project", project)]
    assert changes.look(mine) == set(mine), "what was before isn't known"
    assert changes.look(mine) == set()
    add(session, project)
    session.commit()
    assert changes.look(mine) == set(mine)
    assert changes.look(mine) == set()
    add(session, project, Action.SECRET_REVEAL)
    add(session, None, Action.USER_SIGN_IN)
    session.commit()
    assert changes.look(mine) == set()


def test_a_rotation_by_its_lease(any_world):
    session = any_world.session
    rotation = turned.rotation(session, session.query(RotationStrategy).one())
    session.commit()
    changes, mine = Changes(any_world.db), [("rotation", rotation.id), ("rotation", 999)]
    changes.look([])
    assert changes.look(mine) == {mine[0]}
    assert changes.look(mine) == set()
    rotation.lease_until = START + timedelta(minutes=1)
    session.commit()
    assert changes.look(mine) == {mine[0]}


@pytest.mark.postgres
def test_a_transaction_that_ends_after_a_later_one_is_not_missed(postgres_world):
    changes, project = Changes(postgres_world.db), project_of(postgres_world)
    changes.look([])
    with postgres_world.new_session() as slow, postgres_world.new_session() as quick:
        add(slow, project)
        add(quick, None)
        quick.commit()
        assert changes.look([]) == set()
        slow.commit()
    assert changes.look([]) == {("project", project)}
    assert changes.look([]) == set()

"""Only what is empty goes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import Environment, Project
from models.project import DEFAULT_ENVIRONMENTS, add_environment, create_project
from models.vault.tidying import (
    LastEnvironmentError,
    NotEmptyError,
    TakenError,
    delete_environment,
    delete_project,
    project_contents,
    rename,
)
from tests.fake_clock import START


def environments(store):
    return list(store.reader().scalars(select(Environment.name).order_by(Environment.position)))


def test_renames(store):
    session = store.session()
    rename(session, store.project(session), "billing")
    rename(session, store.environment(session, "staging"), "preview")
    session.commit()
    assert store.project(session).name == "billing"
    assert environments(store) == ["development", "preview", "production"]


def test_a_taken_name_is_told(store):
    session = store.session()
    create_project(session, store.keyring, "billing", START)
    session.flush()
    for thing, name in ((store.project(session), "billing"), (store.environment(session, "staging"), "production")):
        with pytest.raises(TakenError):
            rename(session, thing, name)
    session.commit()
    project = store.project(store.reader())
    assert (project.name, [each.name for each in project.environments]) == ("payments", list(DEFAULT_ENVIRONMENTS))


def test_deletes_an_empty_environment(store):
    session = store.session()
    delete_environment(session, store.environment(session, "staging"))
    session.commit()
    assert environments(store) == ["development", "production"]


def test_an_environment_with_secrets_stays(store):
    store.add()
    store.add("B", path="/other")
    session = store.session()
    with pytest.raises(NotEmptyError) as refusal:
        delete_environment(session, store.environment(session))
    assert refusal.value.contents == {"secret": 2}


def test_the_last_environment_stays(store):
    session = store.session()
    for name in ("development", "staging"):
        delete_environment(session, store.environment(session, name))
        session.expire_all()
    with pytest.raises(LastEnvironmentError):
        delete_environment(session, store.environment(session))
    session.commit()
    assert environments(store) == ["production"]


def test_an_environment_is_added_last(store):
    session = store.session()
    delete_environment(session, store.environment(session, "staging"))
    add_environment(session, store.project(session), "preview")
    session.commit()
    assert environments(store) == ["development", "production", "preview"]


def test_deletes_an_empty_project_with_its_environments(store):
    session = store.session()
    delete_project(session, store.project(session))
    session.commit()
    assert session.get(Project, store.project_id) is None
    assert environments(store) == []


def test_a_project_that_holds_something_stays(store):
    store.strategy()
    session = store.session()
    assert project_contents(session, store.project(session)) == {
        "secret": 2,
        "rotation strategy": 1,
        "connection": 1,
        "destination of copies": 0,
    }
    with pytest.raises(NotEmptyError) as refusal:
        delete_project(session, store.project(session))
    assert refusal.value.contents["rotation strategy"] == 1

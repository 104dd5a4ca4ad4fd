"""The key that a role is assumed with turns: asked about by itself, and handed to every connection that has it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import Connection, KeyState, RotationStrategy
from models.base import new_id
from models.project import create_project
from tests.rotation.reach.test_turn_managers_key import OwnWorld
from tests.rotation.world import DAY, HOUR, USER

ROLE = "arn:aws:iam::222233334444:role/keyturn"
OTHER_ROLE = "arn:aws:iam::555566667777:role/keyturn"


class RoleWorld(OwnWorld):
    """Two connections of the project ask with one key, each by a role in another account; each turns a user there."""

    def __init__(self, where) -> None:
        super().__init__(where)
        with self.new_session() as session:
            mine = self._stored(session, "prod-manager")
            mine.role_arn = ROLE
            twin = Connection(
                id=new_id(), project_id=mine.project_id, name="other-account", access_key_id=mine.access_key_id,
                region="eu-west-1", role_arn=OTHER_ROLE, created_at=self.clock.now(),
            )  # fmt: skip
            twin.set_secret(self.sealing_key, self.first.secret_access_key)
            session.add(twin)
            for connection, name, account in ((mine, "mailer", "222233334444"), (twin, "reporter", "555566667777")):
                self.aws.add_user(name)
                turned = RotationStrategy(
                    project_id=mine.project_id, connection=connection, created_at=self.clock.now(), created_by="alice"
                )
                turned.set_target(name, account)
                session.add(turned)
            session.commit()

    @staticmethod
    def _stored(session, name) -> Connection:
        return session.scalars(select(Connection).where(Connection.name == name)).one()

    def connections(self) -> list[Connection]:
        with self.new_session() as session:
            return [self._stored(session, name) for name in ("prod-manager", "other-account")]


@pytest.fixture(scope="module")
def first_moment(tmp_path_factory):
    made = RoleWorld(tmp_path_factory.mktemp("role") / "role.db")
    yield made, made.save()
    made.close()


@pytest.fixture
def own(first_moment):
    made, saved = first_moment
    made.go_back(saved)
    return made


def test_every_connection_that_has_the_key_asks_by_the_new_one(own):
    rotation = own.rotate()
    assert rotation.error_code == ""
    mine, twin = own.connections()
    assert mine.access_key_id == twin.access_key_id != own.first.access_key_id
    assert twin.open_secret(own.sealing_key) == mine.open_secret(own.sealing_key)
    assert (mine.key_by, twin.key_by) == (f"rotation {rotation.id}",) * 2
    assert not own.is_locked_out()
    own.pass_time(3 * DAY)
    assert own.aws.keys_of(USER) == [mine.access_key_id]
    assert own.rotate().error_code == ""


def test_one_of_another_project_keeps_the_old_key_alive(own):
    with own.new_session() as session:
        other = create_project(session, own.keyring, "another", own.clock.now())
        session.flush()
        own._stored(session, "other-account").project_id = other.id
        session.commit()
    assert own.rotate().error_code == ""
    own.pass_time(3 * DAY)
    assert own.first.access_key_id in own.aws.keys_of(USER)
    (old,) = own.access_keys(KeyState.RETIRING)
    assert old.error_code == "key_in_connection"


@pytest.mark.parametrize("missing", ["assume", "may_delete"])
def test_a_new_key_that_may_less_by_the_role_is_not_published(own, missing):
    made = f"AKIAEXAMPLE{own.aws._made + 1:09d}"
    own.aws.denied_to.add((missing, made))
    assert own.rotate().error_code == "key_not_accepted"
    assert {each.access_key_id for each in own.connections()} == {own.first.access_key_id}
    own.pass_time(HOUR)
    assert own.aws.keys_of(USER) == [own.first.access_key_id]


def test_a_role_that_the_present_key_may_not_assume_either_is_no_reason(own):
    made = f"AKIAEXAMPLE{own.aws._made + 1:09d}"
    own.aws.denied_to |= {("assume", made), ("assume", own.first.access_key_id)}
    assert own.rotate().error_code == ""

"""What AWS tells of a key's uses is kept through its life, and those who wait for its end are told once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import AccessKey, KeyState, QuietWish, User
from models.watching.uses import uses_of
from models.watching.wishes import notices, wish
from rotation.requests import OldKey
from tests.rotation.world import DAY, HOUR


@pytest.fixture
def turned(world):
    world.rotate()
    return world


@pytest.fixture
def replaced(world):
    """A key that was used, and its successor."""
    world.after(use_and_replace)
    return world


def use_and_replace(world):
    world.rotate()
    world.pass_time(DAY)
    world.aws.use_key(world.pair().access_key_id, "s3", "eu-west-1")
    world.rotate()


def old(world):
    return world.access_keys(KeyState.RETIRING)[0]


def told(world, key):
    with world.new_session() as session:
        return [(use.service, use.region) for use in uses_of(session, key.id, 100)]


def test_the_current_key_is_sampled_once_a_day(turned):
    (key,) = turned.access_keys(KeyState.ACTIVE)
    for service in ("s3", "ses"):
        turned.pass_time(DAY - HOUR)
        turned.aws.use_key(key.access_key_id, service, "eu-west-1")
        turned.pass_time(HOUR + 60)
    services = [service for service, _ in told(turned, key)]
    assert services[0] == "ses"
    assert "s3" in services
    assert turned.access_keys(KeyState.ACTIVE)[0].last_used_service == "ses"


def test_what_is_told_again_is_one_row(replaced):
    key = old(replaced)
    replaced.pass_time(12 * HOUR)
    assert len([call for call in replaced.aws.calls_of("last_use") if call.access_key_id == key.access_key_id]) > 2
    assert told(replaced, key).count(("s3", "eu-west-1")) == 1


def test_each_change_is_a_row_with_when_it_was_told(replaced):
    key = old(replaced)
    replaced.pass_time(HOUR)
    replaced.aws.use_key(key.access_key_id, "dynamodb", "us-east-1")
    replaced.pass_time(12 * HOUR)
    assert told(replaced, key)[:2] == [("dynamodb", "us-east-1"), ("s3", "eu-west-1")]
    with replaced.new_session() as session:
        newest = uses_of(session, key.id, 1)[0]
    assert newest.told_at >= newest.used_at


def test_without_the_permission_the_daily_try_goes_on(turned):
    turned.aws.deny("last_use")
    turned.pass_time(3 * DAY)
    (key,) = turned.access_keys(KeyState.ACTIVE)
    assert (told(turned, key), key.error_code) == ([], "")
    assert key.tried_at is not None


def test_the_rows_go_with_the_key(replaced):
    key_id = old(replaced).id
    with replaced.new_session() as session:
        session.delete(session.get_one(AccessKey, key_id))
        session.commit()
        assert uses_of(session, key_id, 1) == []


class TestWish:
    @pytest.fixture
    def waiting(self, replaced):
        """Alice waits for the old key to go quiet; its grace is long."""
        key_id, now = old(replaced).id, replaced.clock.now()
        with replaced.new_session() as session:
            alice = User(name="alice", password_hash="x", created_at=now)
            session.add(alice)
            session.flush()
            key = session.get_one(AccessKey, key_id)
            key.retire_at = now + timedelta(days=365)
            wish(session, key.id, alice.id, now)
            wish(session, key.id, alice.id, now)
            session.commit()
            self.alice_id = alice.id
        return replaced

    def told(self, world):
        with world.new_session() as session:
            return notices(session, self.alice_id)

    def test_is_told_once_aws_has_reported_no_use_for_the_quiet_time(self, waiting):
        waiting.pass_time(12 * HOUR)
        assert self.told(waiting) == []
        waiting.pass_time(2 * DAY)
        (notice,) = self.told(waiting)
        assert notice.access_key_id == old(waiting).access_key_id
        assert notice.quiet_since <= old(waiting).replaced_at
        assert notice.told_at - notice.quiet_since >= timedelta(days=1)

    def test_not_while_it_is_used(self, waiting):
        for _ in range(4):
            waiting.pass_time(12 * HOUR)
            waiting.aws.use_key(old(waiting).access_key_id)
        assert self.told(waiting) == []

    def test_stays_told_when_the_key_is_gone(self, waiting):
        waiting.pass_time(2 * DAY)
        waiting.rotate(old_key=OldKey.END)
        assert len(self.told(waiting)) == 1

    def test_wishing_twice_is_wishing_once(self, waiting):
        with waiting.new_session() as session:
            assert len(session.scalars(select(QuietWish)).all()) == 1

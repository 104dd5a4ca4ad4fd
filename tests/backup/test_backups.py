"""A backup from before several rotations is restored: AWS has moved on, and nothing is lost for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from backup.restoring import restore
from backup.taking import BackupError, take
from crypto import Keyring, MasterKeyError
from models import KeyState, Secret, SharedSession, State, User, UserSession
from models.base import new_id
from models.people import create_user
from tests.rotation.world import DAY, USER

HOUR = timedelta(hours=1)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "keyturn.backup"


def bring_back(world, file, *, keyring=None, replace=True):
    world.session.close()
    world.clock.advance(60)  # it was stopped
    try:
        return restore(world.db, keyring or world.keyring, file, world.clock.now(), replace=replace)
    finally:
        world.session.expire_all()


def test_all_comes_back_and_the_next_rows_get_new_ids(world, file):
    world.rotate()
    before = (world.pair(), world.versions(), [key.access_key_id for key in world.access_keys()])
    taken_at = world.clock.now()
    assert take(world.db, file, taken_at) > 10
    world.session.execute(Secret.__table__.update().values(comment="later"))
    world.session.commit()
    assert bring_back(world, file) == taken_at
    assert (world.pair(), world.versions(), [key.access_key_id for key in world.access_keys()]) == before
    assert set(world.session.scalars(select(Secret.comment))) == {""}
    world.clock.advance(10 * DAY)
    assert world.rotate().state == State.SUCCEEDED


def test_it_is_consistent_while_rotations_run(world, file):
    world.rotate()
    published = world.pair()

    def back_up(when, method):
        if (when, method) == ("before", "try_key") and not file.exists():
            take(world.db, file, world.clock.now())

    world.pass_time(3 * DAY)
    world.aws.watch(back_up)
    world.rotate()
    world.aws._watchers.clear()
    bring_back(world, file)
    assert world.pair() == published
    assert not [rotation for rotation in world.rotations() if rotation.is_open]


def test_after_several_rotations_the_dead_key_is_told_and_turned_only_by_a_person(world, file):
    world.rotate()
    take(world.db, file, world.clock.now())
    for _ in range(3):
        world.pass_time(3 * DAY)
        world.rotate()
    world.pass_time(3 * DAY)
    living = set(world.aws.keys_of(USER))
    bring_back(world, file)
    world.pass_time(3 * DAY)
    (current,) = world.access_keys(KeyState.ACTIVE)
    assert current.error_code == "published_key_deleted"
    assert set(world.aws.keys_of(USER)) == living, "nothing is deleted on the word of stale rows"
    assert [key["access_key_id"] for key in world.strategy().foreign_keys] == sorted(living)
    assert world.rotate().state == State.SUCCEEDED
    assert world.consumer_call_works()
    assert living <= set(world.aws.keys_of(USER)), "programs may hold it still"


def test_a_key_that_still_works_is_proven_and_ends_as_usual_later(world, file):
    world.rotate()
    take(world.db, file, world.clock.now())
    bring_back(world, file)
    world.sweep()
    (current,) = world.access_keys(KeyState.ACTIVE)
    assert (current.error_code, current.restored_at) == ("", None)
    world.aws.keys_of(USER)
    world.clock.advance(DAY)


@pytest.mark.parametrize("state", [KeyState.RETIRING, KeyState.CREATED])
def test_old_and_unpublished_keys_rest_until_a_person_ends_them(world, file, state):
    world.rotate()
    world.pass_time(3 * DAY)
    if state is KeyState.CREATED:
        world.run(world.request())
    else:
        world.rotate()
    take(world.db, file, world.clock.now())
    bring_back(world, file)
    world.pass_time(3 * DAY)
    (resting,) = world.access_keys(state)
    assert resting.error_code == "from_backup"
    assert resting.access_key_id in world.aws.keys_of(USER)


def test_nobody_is_signed_in_by_a_session_of_then(world, file):
    user = create_user(world.session, "ana", "four unrelated words in a row", now=world.clock.now(), is_admin=True)
    world.session.flush()
    now = world.clock.now()
    world.session.add(
        UserSession(user_id=user.id, token_hash="0" * 64, created_at=now, seen_at=now, password_at=now, address="")
    )
    world.session.commit()
    take(world.db, file, now)
    bring_back(world, file)
    assert world.session.scalars(select(UserSession.ended_at)).all() != [None]
    assert world.session.scalars(select(User.name)).all() == ["ana"]


def test_no_temporary_credentials_of_then_are_handed_out(world, file):
    strategy, now = world.strategy(), world.clock.now()
    shared = SharedSession(
        id=new_id(), strategy_id=strategy.id, project_id=strategy.project_id, expires_at=now + HOUR, renew_at=now + HOUR
    )
    shared.credentials = shared.sealed(world.sealing_key, "of then")
    world.session.add(shared)
    world.session.commit()
    take(world.db, file, now)
    bring_back(world, file)
    world.session.expire_all()
    kept = world.session.scalars(select(SharedSession)).one()
    assert kept.expires_at == kept.renew_at <= world.clock.now()


def test_it_is_refused_while_keyturn_runs(world, file):
    take(world.db, file, world.clock.now())
    world.sweep()
    with pytest.raises(BackupError, match="Keyturn runs"):
        restore(world.db, world.keyring, file, world.clock.now() + timedelta(seconds=5), replace=True)


def test_what_is_there_is_kept_without_being_told_to_replace_it(world, file):
    world.rotate()
    take(world.db, file, world.clock.now())
    world.clock.advance(60)
    with pytest.raises(BackupError, match="isn't empty"):
        restore(world.db, world.keyring, file, world.clock.now(), replace=False)
    assert world.consumer_call_works()


def test_the_wrong_master_key_is_told_before_anything_is_lost(world, file, tmp_path):
    world.rotate()
    take(world.db, file, world.clock.now())
    other = Keyring.from_file(tmp_path / "other.key")
    with pytest.raises(MasterKeyError):
        bring_back(world, file, keyring=other)
    assert world.consumer_call_works()


def test_no_file_is_overwritten_and_none_but_a_backup_restored(world, file):
    file.write_text("something else")
    with pytest.raises(BackupError, match="exists already"):
        take(world.db, file, world.clock.now())
    with pytest.raises(BackupError, match="isn't a backup"):
        bring_back(world, file)
    with pytest.raises(BackupError, match="There is no file"):
        bring_back(world, file.with_name("missing"))


def test_only_its_owner_reads_it_and_it_is_one_file(world, file):
    take(world.db, file, world.clock.now())
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir() if path.name.startswith((file.name, f".{file.name}"))] == [
        file.name
    ]

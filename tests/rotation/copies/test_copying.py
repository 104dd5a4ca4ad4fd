"""A copy follows what it is of, writes its own names only, and is gone on with wherever it was cut off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import Secret
from models.vault.editing import Change, Seen, change_secret, delete_secret
from models.vault.moving import move_secrets
from rotation.copies.copying import TAKEN_FOR
from rotation.copies.store import StoreError, Why
from tests.rotation.copies.conftest import NAMES, PATH


class Killed(BaseException):
    """The process dies here."""


@pytest.fixture
def world(any_world):
    return any_world


def test_a_strategys_key_is_copied_under_its_own_names(world, copying, shelf):
    world.rotate()
    copy_id = copying.add()
    assert copying.sweep() == [True]
    assert shelf.holds == {"FOREIGN": "theirs"} | copying.pair()
    row = copying.row(copy_id)
    assert (row.is_behind, sorted(row.made), row.next_at, row.copied_at) == (
        False, sorted(NAMES.values()), None, world.clock.now(),
    )  # fmt: skip
    assert shelf.means[0].credential == "example-credential"
    assert copying.sweep() == []


def test_each_rotation_is_copied(world, copying, shelf):
    copying.add()
    copying.sweep()
    for _ in range(2):
        world.rotate()
        assert copying.sweep() == [True]
        assert shelf.holds == {"FOREIGN": "theirs"} | copying.pair()
        world.pass_time(3 * 86_400)


def test_only_what_changed_is_written(world, copying, shelf, at_path, add_secret):
    add_secret("A")
    b = add_secret("B")
    copying.add(**at_path)
    copying.sweep()
    shelf.writes.clear()
    copying.change(b, b"second")
    copying.sweep()
    assert shelf.writes == [["BILLING_B"]]
    assert shelf.holds["BILLING_B"] == "second"


def test_a_store_that_takes_all_at_once_is_given_all(world, copying, shelf, at_path, add_secret):
    shelf.writes_whole = True
    add_secret("A")
    b = add_secret("B")
    copying.add(**at_path)
    copying.sweep()
    copying.change(b, b"second")
    copying.sweep()
    everything = ["BILLING_A", "BILLING_AWS_ACCESS_KEY", "BILLING_AWS_SECRET_ACCESS_KEY", "BILLING_B"]
    assert shelf.writes == [everything, everything]


@pytest.mark.parametrize("way", ["deleted", "renamed", "moved"])
def test_what_leaves_a_path_is_deleted_there(world, copying, shelf, at_path, add_secret, way):
    secret_id = add_secret("TOKEN")
    copy_id = copying.add(**at_path)
    copying.sweep()
    assert shelf.holds["BILLING_TOKEN"] == "first"
    now = world.clock.now()
    deeds = {
        "deleted": lambda session, row: delete_secret(session, row, now),
        "renamed": lambda session, row: change_secret(
            session, world.sealing_key, row, Seen.of(row), Change("OTHER", "", None), now=now, author="bob"
        ),
        "moved": lambda session, row: move_secrets(session, [row.id], row.environment, "/elsewhere", now),
    }
    copying.edit(secret_id, deeds[way])
    assert copying.sweep() == [True]
    assert "BILLING_TOKEN" not in shelf.holds
    assert ("BILLING_OTHER" in shelf.holds) is (way == "renamed")
    assert "BILLING_TOKEN" not in copying.row(copy_id).made


def test_what_comes_to_a_path_is_copied(world, copying, shelf, at_path, add_secret):
    copying.add(**at_path)
    copying.sweep()
    add_secret("LATER")
    assert copying.sweep() == [True]
    assert shelf.holds["BILLING_LATER"] == "first"


def test_a_name_that_was_there_before_is_never_deleted(world, copying, shelf, at_path, add_secret):
    shelf.holds["BILLING_TOKEN"] = "older than Keyturn"
    secret_id = add_secret("TOKEN")
    copying.add(**at_path)
    copying.sweep()
    copying.edit(secret_id, lambda session, row: delete_secret(session, row, world.clock.now()))
    copying.sweep()
    assert shelf.holds["BILLING_TOKEN"] == "first"


def test_a_removed_copy_deletes_what_it_made_and_goes(world, copying, shelf):
    shelf.holds["AWS_ACCESS_KEY_ID"] = "older than Keyturn"
    copy_id = copying.add()
    copying.sweep()
    copying.remove(copy_id)
    copying.sweep()
    assert sorted(shelf.holds) == ["AWS_ACCESS_KEY_ID", "FOREIGN"]
    assert copying.row(copy_id) is None


def test_two_copies_dont_write_one_name(world, copying, shelf):
    destination = copying.destination()
    first = copying.add(destination, strategy_id=world.strategy_id, names={"access_key_id": "BILLING_AWS_ACCESS_KEY"})
    copying.sweep()
    with world.new_session() as session:
        place = session.get_one(Secret, world.strategy().access_key_secret_id).environment_id
    second = copying.add(destination, environment_id=place, path=PATH, prefix="BILLING_")
    assert copying.sweep() == [False]
    assert copying.row(second).why == Why.TAKEN
    assert "BILLING_AWS_ACCESS_KEY" in copying.row(second).said
    assert not copying.row(first).is_behind


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(2))
def test_a_try_that_dies_is_made_up(world, copying, shelf, moment, number):
    world.rotate()
    copy_id = copying.add()
    names = list(NAMES.values())

    def die(name):
        if name == names[number]:
            raise Killed

    setattr(shelf, moment, die)
    with pytest.raises(Killed):
        copying.work(copy_id)
    setattr(shelf, moment, lambda _name: None)
    assert copying.sweep() == [], "a worker has it still, for all that others know"
    world.clock.advance(TAKEN_FOR.total_seconds())
    assert copying.sweep() == [True]
    assert shelf.holds == {"FOREIGN": "theirs"} | copying.pair()
    assert not copying.row(copy_id).is_behind


def test_it_is_tried_again_ever_more_rarely(world, copying, shelf):
    copy_id = copying.add()
    refuse(shelf, StoreError(Why.REFUSED, "Bad\ncredentials"))
    pauses = []
    for _ in range(14):
        assert copying.sweep() == [False]
        row = copying.row(copy_id)
        pauses.append(row.next_at - world.clock.now())
        world.clock.set(row.next_at)
    assert (row.why, row.said, row.is_behind) == ("refused", "Bad credentials", True)
    assert pauses[0] == timedelta(seconds=5)
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=1)
    assert copying.told() == ["copy.fail"], "a failure that goes on is told once"
    shelf.before = lambda _name: None
    assert copying.sweep() == [True]
    row = copying.row(copy_id)
    assert (row.why, row.said, row.failing_since) == ("", "", None)
    assert copying.told() == ["copy.fail", "copy.confirm"]


def refuse(shelf, error):
    def before(_name):
        raise error

    shelf.before = before


def test_a_store_may_ask_for_a_pause(world, copying, shelf):
    copy_id = copying.add()
    refuse(shelf, StoreError(Why.THROTTLED, retry_after_s=90))
    copying.sweep()
    assert copying.row(copy_id).next_at - world.clock.now() == timedelta(seconds=90)


def test_an_error_of_keyturns_own_is_told_without_its_text(world, copying, shelf, caplog):
    copy_id = copying.add()
    refuse(shelf, RuntimeError("example-secret-value"))
    assert copying.sweep() == [False]
    row = copying.row(copy_id)
    assert (row.why, "RuntimeError" in row.said) == ("failed", True)
    assert "example-secret-value" not in row.said + caplog.text


def test_what_is_no_text_isnt_copied(world, copying, shelf, at_path, add_secret):
    add_secret("BLOB", b"\xff\xfe")
    copy_id = copying.add(**at_path)
    assert copying.sweep() == [False]
    assert (copying.row(copy_id).why, copying.row(copy_id).said) == ("bad-value", "BILLING_BLOB isn't text")
    assert shelf.writes == []


def test_copy_now_writes_everything_anew(world, copying, shelf):
    copy_id = copying.add()
    copying.sweep()
    shelf.holds["AWS_ACCESS_KEY_ID"] = "somebody's change"
    copying.want(copy_id)
    assert copying.sweep() == [True]
    assert shelf.holds["AWS_ACCESS_KEY_ID"] == "changeme"


def test_it_goes_on_where_time_ran_out(world, copying, shelf, at_path, add_secret):
    for name in "ABCD":
        add_secret(name)
    copy_id = copying.add(**at_path)
    shelf.after = lambda _name: world.clock.advance(70)
    assert copying.work(copy_id) is False
    assert len(shelf.writes) == 3
    assert copying.row(copy_id).why == ""
    assert copying.work(copy_id) is True
    assert len(shelf.writes) == 6, "each name was written once"

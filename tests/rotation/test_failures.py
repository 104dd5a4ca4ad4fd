"""Every way in which a rotation can fail: told by its code, with the secrets and the published key as they were."""

from datetime import timedelta

import pytest

from models import KeyState, State, Trigger
from models.secret import StaleSecretError
from rotation.failing import MAX_TRIES
from rotation.failures import FAILURES
from rotation.provider import Identity
from rotation.requests import OldKey
from tests.fake_provider import ACCOUNT
from tests.rotation.world import DAY, HOUR, USER

PERMANENT = ("manager_key_unknown", "manager_secret_wrong", "not_permitted", "no_such_user", "aws_refused")
TRANSIENT = ("throttled", "aws_unreachable")


@pytest.fixture
def turned(world):
    """A world whose key was turned once, long enough ago for the taken-over one to be gone."""
    world.after(lone_key)
    return world


def lone_key(world):
    world.rotate()
    world.clock.advance(10 * DAY)


def unchanged(world, pair, versions):
    return world.pair() == pair and world.versions() == versions and world.consumer_call_works()


@pytest.mark.parametrize("code", PERMANENT + TRANSIENT)
@pytest.mark.parametrize("method", ["list_keys", "create_key"])
def test_a_refusal_fails_with_its_code_and_changes_nothing(turned, code, method):
    if (code, method) == ("not_permitted", "list_keys"):
        turned.aws.deny("list_keys")  # which only means that the next call is refused, not this one
        method = "create_key"
    pair, versions = turned.pair(), turned.versions()
    turned.aws.fail_next(method, code, times=MAX_TRIES)
    rotation = turned.rotate()
    assert (rotation.state, rotation.error_code) == (State.FAILED, code)
    assert unchanged(turned, pair, versions)
    assert turned.aws.keys_of(USER) == [pair.access_key_id]
    assert len(turned.access_keys()) == 1, "no trace of a key that was never made"


@pytest.mark.parametrize("code", TRANSIENT)
def test_a_transient_refusal_is_waited_out(turned, code):
    turned.aws.fail_next("create_key", code, times=MAX_TRIES - 1)
    rotation_id = turned.request()
    turned.run(rotation_id)
    waiting = turned.rotation(rotation_id)
    assert (waiting.is_open, waiting.wait_code, waiting.error_facts["tries"]) == (True, code, f"1 of {MAX_TRIES}")
    assert turned.finish(rotation_id).state == State.SUCCEEDED
    assert turned.consumer_call_works()


def test_two_keys_names_the_one_that_nobody_knows(turned):
    theirs = turned.aws.add_key(USER)
    pair, versions = turned.pair(), turned.versions()
    rotation = turned.rotate()
    assert rotation.error_code == "two_keys"
    assert theirs.access_key_id in rotation.error_facts["unknown"]
    assert rotation.error_facts["known"] == pair.access_key_id
    assert unchanged(turned, pair, versions)
    turned.pass_time(5 * DAY)
    assert theirs.access_key_id in turned.aws.keys_of(USER), "somebody else's key is never touched"


def test_two_keys_without_the_right_to_list(turned):
    turned.aws.deny("list_keys")
    turned.aws.add_key(USER)
    pair, versions = turned.pair(), turned.versions()
    rotation = turned.rotate()
    assert rotation.error_code == "two_keys"
    assert "iam:ListAccessKeys" in rotation.error_facts["unknown"]
    assert unchanged(turned, pair, versions)


def test_the_second_key_can_be_taken_over(turned):
    theirs = turned.aws.add_key(USER)
    turned.change(existing_key_id=theirs.access_key_id)
    rotation_id = turned.request()
    turned.pass_time(2 * DAY)
    assert turned.rotation(rotation_id).state == State.SUCCEEDED
    assert theirs.access_key_id not in turned.aws.keys_of(USER)


def test_a_key_that_is_never_accepted_is_deleted_again(turned):
    pair, versions = turned.pair(), turned.versions()
    turned.aws.refuse_at("s3", times=500)
    rotation = turned.rotate()
    assert rotation.error_code == "key_not_accepted"
    assert rotation.error_facts["service"] == "S3"
    assert turned.aws.keys_of(USER) == [pair.access_key_id]
    assert unchanged(turned, pair, versions)


def test_a_key_that_answers_as_another_user_is_not_published(turned):
    pair, versions = turned.pair(), turned.versions()
    turned.aws.identity_of_new_keys = Identity("999999999999", "arn:aws:iam::999999999999:user/billing-api")
    rotation = turned.rotate()
    assert rotation.error_code == "key_of_other_user"
    assert "999999999999" in rotation.error_facts["arn"]
    assert unchanged(turned, pair, versions)
    assert turned.aws.keys_of(USER) == [pair.access_key_id]


def test_a_deleted_secret_is_told(turned):
    turned.change(access_key_secret_id=None)
    assert turned.rotate().error_code == "secret_missing"


def test_an_error_of_our_own_ends_with_its_kind_and_without_its_text(turned, caplog):
    pair, versions = turned.pair(), turned.versions()

    def broken(when, method):
        if (when, method) == ("before", "list_keys"):
            raise StaleSecretError("example-secret-in-the-text")

    turned.aws.watch(broken)
    rotation = turned.rotate()
    assert (rotation.error_code, rotation.error_facts["said"]) == ("interrupted", "StaleSecretError")
    assert "example-secret-in-the-text" not in caplog.text + str(rotation.error_facts)
    assert unchanged(turned, pair, versions)


def test_failing_again_and_again_never_costs_the_published_key(turned):
    pair, versions = turned.pair(), turned.versions()
    for _ in range(3):
        turned.aws.refuse_at("sts", times=500)
        turned.rotate()
        turned.clock.advance(HOUR)
    assert unchanged(turned, pair, versions)
    turned.aws._refusals.clear()
    assert turned.rotate().state == State.SUCCEEDED


@pytest.mark.parametrize("made", [True, False])
def test_a_lost_answer_with_the_right_to_list_is_cleared_up(turned, made):
    pair, versions = turned.pair(), turned.versions()
    turned.aws.lose_next_answer(made=made)
    rotation = turned.rotate()
    assert rotation.error_code == "answer_lost"
    assert rotation.error_facts["key"] == pair.access_key_id
    assert unchanged(turned, pair, versions)
    turned.sweep()
    turned.pass_time(HOUR)
    assert turned.aws.keys_of(USER) == [pair.access_key_id]
    assert not turned.access_keys(KeyState.LOST)
    assert turned.rotate().state == State.SUCCEEDED


def test_the_next_rotation_clears_up_itself_what_an_answer_lost(turned):
    pair = turned.pair()
    turned.aws.lose_next_answer(made=True)
    assert turned.rotate().error_code == "answer_lost"
    assert turned.rotate().state == State.SUCCEEDED
    assert turned.aws.keys_of(USER) == [pair.access_key_id, turned.pair().access_key_id]


def test_a_lost_request_that_aws_carries_out_late_is_found(turned):
    pair = turned.pair()
    turned.aws.lose_next_answer(made="later")
    turned.rotate()
    turned.pass_time(120)
    turned.aws.carry_out_late()
    turned.pass_time(120)
    assert turned.aws.keys_of(USER) == [pair.access_key_id]


def test_a_used_key_that_fits_is_a_question_for_a_person(turned):
    turned.aws.lose_next_answer(made=True)
    turned.rotate()
    other = next(key for key in turned.aws.keys_of(USER) if key != turned.pair().access_key_id)
    turned.aws.use_key(other)
    turned.pass_time(HOUR)
    assert other in turned.aws.keys_of(USER)
    (lost,) = turned.access_keys(KeyState.LOST)
    assert lost.error_code == "answer_lost"
    assert other in lost.error_facts["said"]


def test_a_lost_answer_without_the_right_to_list_asks_a_person(turned):
    pair, versions = turned.pair(), turned.versions()
    turned.aws.deny("list_keys")
    turned.aws.lose_next_answer(made=True)
    assert turned.rotate().error_code == "answer_lost"
    for _ in range(3):
        turned.pass_time(HOUR)
        assert turned.rotate().error_code == "two_keys"
        assert unchanged(turned, pair, versions)
    (lost,) = [key for key in turned.aws.keys_of(USER) if key != pair.access_key_id]
    turned.aws.remove_key(lost)
    assert turned.rotate().state == State.SUCCEEDED
    turned.sweep()
    assert not turned.access_keys(KeyState.LOST), "two known keys leave no place for a lost one"


@pytest.mark.parametrize("permitted", [True, False])
def test_lost_answer_and_dead_process_then_rotate_again(turned, permitted):
    """Two well-known products delete the key in use here."""
    if not permitted:
        turned.aws.deny("list_keys")
    pair, versions = turned.pair(), turned.versions()

    class Killed(BaseException):
        pass

    def kill(when, method):
        if (when, method) == ("after", "create_key") and len(turned.aws.calls_of("create_key")) == 2:
            raise Killed

    turned.aws.watch(kill)
    rotation_id = turned.request()
    with pytest.raises(Killed):
        turned.run(rotation_id)
    turned.clock.advance(turned.timing.lease_s + 1)
    turned.finish(rotation_id)
    assert turned.rotation(rotation_id).error_code == "answer_lost"
    assert unchanged(turned, pair, versions)
    again = turned.rotate()
    assert turned.consumer_call_works()
    if permitted:
        turned.pass_time(HOUR)
        old_key = OldKey.WAIT if again.state == State.FAILED else OldKey.END
        assert turned.rotate(old_key=old_key).state == State.SUCCEEDED
    assert turned.consumer_call_works()


def test_a_late_answer_is_kept_and_its_key_discarded(turned):
    """A worker that hung in CreateAccessKey past its lease comes back with a key."""
    pair = turned.pair()

    def hang(when, method):
        if (when, method) == ("after", "create_key") and len(turned.aws.calls_of("create_key")) == 2:
            turned.clock.advance(turned.timing.lease_s + 1)
            turned.run(rotation_id, "worker-2")

    turned.aws.watch(hang)
    rotation_id = turned.request()
    turned.run(rotation_id, "worker-1")
    assert turned.rotation(rotation_id).error_code == "answer_lost"
    turned.pass_time(HOUR)
    assert turned.aws.keys_of(USER) == [pair.access_key_id]
    assert turned.consumer_call_works()


def test_a_discard_that_failed_for_good_is_tried_again_by_the_next_rotation(turned):
    """Else a key that nobody reads would hold the user's second place for an hour after the trouble is mended."""
    turned.aws.refuse_at("s3", times=500)
    turned.aws.deny("delete_key")
    assert turned.rotate().error_code == "key_not_accepted"
    (made,) = turned.access_keys(KeyState.CREATED)
    assert (made.error_code, made.look_at > turned.clock.now()) == ("not_permitted", True)
    turned.aws.allow("delete_key")
    turned.aws._refusals.clear()
    started = turned.clock.now()
    assert turned.rotate().state == State.SUCCEEDED
    assert turned.clock.now() < started + timedelta(minutes=5)
    assert made.access_key_id not in turned.aws.keys_of(USER)


@pytest.mark.parametrize("code", FAILURES)
def test_every_failure_tells_its_facts(code):
    told = FAILURES[code].tell({"user": "billing-api", "key": "AKIAEXAMPLE000000001"})
    assert told.heading
    assert told.what_to_do
    assert not [text for text in (told.heading, told.why, told.what_to_do, told.command) if "{" in text]


def test_a_scheduled_failure_is_tried_again_where_that_helps(turned):
    turned.pass_time(1)  # the daily try of the published key has been made
    turned.change(interval_s=7 * DAY, due_at=turned.clock.now())
    turned.aws.fail_next("list_keys", "aws_unreachable", times=MAX_TRIES)
    turned.pass_time(HOUR)
    states = [(rotation.trigger, rotation.state) for rotation in turned.rotations()[1:]]
    assert states == [(Trigger.SCHEDULE, State.FAILED), (Trigger.RETRY, State.SUCCEEDED)]


def test_a_scheduled_failure_that_needs_a_person_rests_until_the_next_due_time(turned):
    turned.change(interval_s=7 * DAY, due_at=turned.clock.now())
    turned.aws.fail_next("list_keys", "not_permitted")
    turned.pass_time(6 * DAY)
    assert len(turned.rotations()) == 2
    turned.pass_time(DAY + HOUR)
    assert turned.rotations()[-1].state == State.SUCCEEDED


def test_the_account_is_compared(turned):
    assert turned.strategy().account_id == ACCOUNT


def test_the_arn_is_told_with_the_users_path(turned):
    turned.change(user_path="/apps/")
    turned.aws.fail_next("create_key", "not_permitted", arn=f"arn:aws:iam::{ACCOUNT}:user/{USER}")
    assert turned.rotate().error_facts["arn"] == f"arn:aws:iam::{ACCOUNT}:user/apps/{USER}"

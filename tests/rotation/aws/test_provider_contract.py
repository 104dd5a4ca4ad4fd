"""What every provider keeps: the same tests over the fake and over boto3 with practice AWS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from rotation.aws.iam import AwsIam
from rotation.errors import AnswerLost, RotationError
from rotation.provider import SERVICES, KeyPair, Role
from rotation.reach.access import Access
from tests.fake_provider import ACTIONS
from tests.practice_aws import new_name
from tests.processes.processes import wait_for
from tests.rotation.aws.provider_worlds import FakeWorld, PracticeWorld, RoleWorld, World

UNKNOWN = KeyPair("AKIAEXAMPLE999999999", "example-secret-of-no-key")


@pytest.fixture(params=["fake", "practice", "role"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        return FakeWorld()
    kind = {"practice": PracticeWorld, "role": RoleWorld}[request.param]
    return kind(request.getfixturevalue("practice"))


def code_of(raised: pytest.ExceptionInfo[RotationError]) -> str:
    return raised.value.code


def test_identify_names_the_manager(world):
    identity = world.provider.identify()
    assert identity.resource.rpartition("/")[2] == world.manager
    assert identity.account_id in identity.arn


def test_a_created_key_signs_for_its_user_in_every_service(world):
    created = world.provider.create_key(world.target)
    answers = world.provider.try_key(created.pair, SERVICES)
    assert [(answer.service, answer.accepted) for answer in answers] == [("sts", True), ("iam", True), ("s3", True)]
    assert answers[0].identity.user_name == world.target
    assert answers[0].identity.arn.endswith(f":user/apps/{world.target}")
    assert created.created_at.utcoffset() == timedelta(0)
    assert world.keys_of(world.target) == {created.pair.access_key_id}


def test_a_third_key_is_refused(world):
    kept = {world.make_key(world.target).access_key_id for _ in range(2)}
    with pytest.raises(RotationError) as raised:
        world.provider.create_key(world.target)
    assert code_of(raised) == "two_keys"
    assert raised.value.facts["user"] == world.target
    assert world.keys_of(world.target) == kept


@pytest.mark.parametrize("method", ["create_key", "may_delete", "may_deactivate", "list_keys"])
def test_a_user_who_does_not_exist_is_told(world, method):
    with pytest.raises(RotationError) as raised:
        getattr(world.provider, method)("nobody-of-that-name")
    assert code_of(raised) == "no_such_user"
    assert raised.value.facts["user"] == "nobody-of-that-name"


@pytest.mark.parametrize("made", [True, False])
def test_a_lost_answer_is_told_and_not_asked_again(world, made):
    world.lose_answer(made=made)
    with pytest.raises(AnswerLost):
        world.provider.create_key(world.target)
    assert len(world.keys_of(world.target)) == made


def test_a_throttled_create_makes_nothing(world):
    world.throttle("create_key")
    with pytest.raises(RotationError) as raised:
        world.provider.create_key(world.target)
    assert code_of(raised) == "throttled"
    assert world.keys_of(world.target) == set()


@pytest.mark.parametrize("method", ["create_key", "may_delete", "may_deactivate"])
def test_what_is_not_permitted_names_action_and_user(world, method):
    world.deny(method)
    with pytest.raises(RotationError) as raised:
        getattr(world.provider, method)(world.target)
    assert code_of(raised) == "not_permitted"
    assert raised.value.facts["action"] == ACTIONS[method]
    assert raised.value.facts["arn"].endswith(world.target)


def test_a_key_that_is_not_known_is_refused_everywhere(world):
    answers = world.provider.try_key(UNKNOWN, SERVICES)
    assert [answer.accepted for answer in answers] == [False, False, False]
    assert answers[0].said == "InvalidClientTokenId"


def test_an_inactive_key_is_refused_everywhere(world):
    pair = world.make_key(world.target)
    world.refuse_everywhere(pair)
    assert not any(answer.accepted for answer in world.provider.try_key(pair, SERVICES))


def test_a_wrong_secret_is_refused_everywhere(world):
    pair = KeyPair(world.make_key(world.target).access_key_id, "example-secret-of-another-key")
    answers = world.provider.try_key(pair, SERVICES)
    assert {(answer.accepted, answer.said) for answer in answers} == {(False, "SignatureDoesNotMatch")}


def test_only_the_services_asked_for_are_tried(world):
    pair = world.make_key(world.target)
    assert [answer.service for answer in world.provider.try_key(pair, ("s3", "sts"))] == ["s3", "sts"]


def test_a_key_never_used_names_its_user(world):
    pair = world.make_key(world.target)
    use = world.provider.last_use(pair.access_key_id)
    assert (use.user_name, use.used_at, use.service, use.region) == (world.target, None, "", "")


def test_a_use_tells_when_and_by_which_service(world):
    pair = world.make_key(world.target)
    world.use(pair)
    use = world.provider.last_use(pair.access_key_id)
    assert (use.service, use.region) == ("sts", "eu-central-1")
    assert use.used_at is not None
    assert use.used_at.tzinfo is UTC


def test_the_last_use_of_an_unknown_key_is_told(world):
    with pytest.raises(RotationError) as raised:
        world.provider.last_use(UNKNOWN.access_key_id)
    assert code_of(raised) == "unknown_key"


def test_last_use_that_is_not_permitted_is_told(world):
    pair = world.make_key(world.target)
    world.deny("last_use")
    with pytest.raises(RotationError) as raised:
        world.provider.last_use(pair.access_key_id)
    assert code_of(raised) == "not_permitted"
    with pytest.raises(RotationError) as raised:
        world.provider.may_read_last_use()
    assert code_of(raised) == "not_permitted"


def test_delete_twice_is_no_error(world):
    deleted, kept = world.make_key(world.target), world.make_key(world.target)
    for _ in range(2):
        world.provider.delete_key(world.target, deleted.access_key_id)
    assert world.keys_of(world.target) == {kept.access_key_id}


def test_another_users_key_is_not_deleted(world):
    pair = world.make_key(world.bystander)
    world.provider.delete_key(world.target, pair.access_key_id)
    assert world.keys_of(world.bystander) == {pair.access_key_id}


def test_a_delete_that_is_not_permitted_is_told(world):
    pair = world.make_key(world.target)
    world.deny("delete_key")
    with pytest.raises(RotationError) as raised:
        world.provider.delete_key(world.target, pair.access_key_id)
    assert code_of(raised) == "not_permitted"
    assert world.keys_of(world.target) == {pair.access_key_id}


def test_a_deactivated_key_is_refused_until_it_is_activated_again(world):
    pair = world.make_key(world.target)
    for _ in range(2):
        world.provider.deactivate_key(world.target, pair.access_key_id)
    assert world.active_of(world.target) == {pair.access_key_id: False}
    assert not any(answer.accepted for answer in world.provider.try_key(pair, SERVICES))
    for _ in range(2):
        world.provider.activate_key(world.target, pair.access_key_id)
    assert world.active_of(world.target) == {pair.access_key_id: True}


def test_a_session_signs_for_the_keys_user(world):
    pair = world.make_key(world.target)
    session = world.provider.session_of(pair, 900)
    assert session.pair.access_key_id.startswith("ASIA")
    assert session.pair.session_token
    assert session.expires_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("after", ["", "the key is deleted", "it has expired"])
def test_practice_aws_takes_its_sessions_as_aws_does(practice, after):
    """Whatever becomes of the key, until they expire; and never for IAM."""
    user = practice.make_target(new_name("billing-api"))
    practice.set(session_at_most_s=1 if after == "it has expired" else 0)
    session = AwsIam(Access(user.key, practice.region, practice.endpoint_url)).session_of(user.key, 900)
    sts, iam = (practice.client(service, session.pair) for service in ("sts", "iam"))
    if after == "the key is deleted":
        practice.iam.delete_access_key(UserName=user.user_name, AccessKeyId=user.key.access_key_id)
    if after == "it has expired":
        wait_for(lambda: datetime.now(UTC) > session.expires_at + timedelta(seconds=1), "its end")
        with pytest.raises(ClientError, match="ExpiredToken"):
            sts.get_caller_identity()
        return
    assert sts.get_caller_identity()["Arn"].endswith(f":user/{user.user_name}")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        iam.get_user()


def test_no_session_by_a_key_that_aws_refuses(world):
    pair = world.make_key(world.target)
    for wrong in (UNKNOWN, KeyPair(pair.access_key_id, "example-secret-of-another-key")):
        with pytest.raises(RotationError) as raised:
            world.provider.session_of(wrong, 900)
        assert code_of(raised) == "published_key_refused"
        assert raised.value.facts["key"] == wrong.access_key_id
    world.refuse_everywhere(pair)
    with pytest.raises(RotationError) as raised:
        world.provider.session_of(pair, 900)
    assert code_of(raised) == "published_key_refused"


@pytest.mark.parametrize("method", ["deactivate_key", "activate_key"])
def test_what_can_not_be_deactivated_is_told(world, method):
    theirs = world.make_key(world.bystander)
    for key in (UNKNOWN, theirs):
        with pytest.raises(RotationError) as raised:
            getattr(world.provider, method)(world.target, key.access_key_id)
        assert code_of(raised) == "unknown_key"
    assert world.active_of(world.bystander) == {theirs.access_key_id: True}
    pair = world.make_key(world.target)
    world.deny(method)
    with pytest.raises(RotationError) as raised:
        getattr(world.provider, method)(world.target, pair.access_key_id)
    assert code_of(raised) == "not_permitted"
    assert raised.value.facts["action"] == "iam:UpdateAccessKey"
    assert world.active_of(world.target) == {pair.access_key_id: True}


def test_keys_are_listed_with_their_state(world):
    active, inactive = world.make_key(world.target), world.make_key(world.target)
    world.refuse_everywhere(inactive)
    rows = world.provider.list_keys(world.target)
    assert rows is not None
    assert {row.access_key_id: row.active for row in rows} == {
        active.access_key_id: True,
        inactive.access_key_id: False,
    }
    assert all(row.created_at.utcoffset() == timedelta(0) for row in rows)


def test_keys_that_may_not_be_listed_are_none(world):
    world.deny("list_keys")
    assert world.provider.list_keys(world.target) is None


def test_asking_what_is_permitted_changes_nothing(world):
    pair = world.make_key(world.target)
    world.provider.may_delete(world.target)
    world.provider.may_deactivate(world.target)
    world.provider.may_read_last_use()
    assert world.keys_of(world.target) == {pair.access_key_id}


def test_another_key_of_the_managers_asks_in_its_place(world):
    other = world.provider.with_key(world.another_key())
    assert other.identify().resource == world.provider.identify().resource
    other.may_delete(world.target)
    other.may_read_last_use()
    with pytest.raises(RotationError) as raised:
        world.provider.with_key(UNKNOWN).may_delete(world.target)
    assert code_of(raised) == "manager_key_unknown"
    world.provider.may_delete(world.target)


def test_a_key_asks_by_a_role_or_by_itself(world):
    role = Role(world.make_role(), "keyturn-for-tests", "keyturn-s12-r41")
    by_role = world.provider.with_role(role).identify()
    assert by_role.resource == role.arn.rpartition(":")[2]
    by_itself = world.provider.with_role(role).with_role(None).identify()
    assert by_itself.resource == f"user/{world.caller}"
    assert by_role.signer == by_itself

"""SES SMTP credentials: computed right, and moved with the pair or not at all."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from models import RotationStrategy, Secret, State
from models.secret import create_secret, current_values
from rotation.ending import undoing
from rotation.outputs.smtp import smtp_password
from rotation.outputs.writing import move_outputs
from rotation.requests import OldKey
from tests.rotation.world import DAY

REGION = "eu-central-1"


# AWS publishes the algorithm without a result. These were published by Terraform's AWS provider, whose users send
# mail with them: internal/service/iam/access_key_test.go, TestSESSMTPPasswordFromSecretKeySigV4.
@pytest.mark.parametrize(
    ("region", "secret", "password"),
    [
        ("eu-central-1", "some+secret+key", "BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2"),
        ("eu-central-1", "another+secret+key", "BBbphbrQmrKMx42d1N6+C7VINYEBGI5v9VsZeTxwskfh"),
        ("us-west-1", "some+secret+key", "BH+jbMzper5WwlwUar9E1ySBqHa9whi0GPo+sJ0mVYJj"),
        ("us-west-1", "another+secret+key", "BKVmjjMDFk/qqw8EROW99bjCS65PF8WKvK5bSr4Y6EqF"),
    ],
)
def test_the_published_passwords(region, secret, password):
    assert smtp_password(secret, region) == password


@pytest.fixture
def mailing(world):
    """A strategy that writes SMTP credentials too; its two secrets are placeholders."""
    strategy = world.strategy()
    environment = strategy.access_key_secret.environment
    user, password = (
        create_secret(
            world.session, world.sealing_key, environment=environment, path="/billing/api", name=name,
            value=b"changeme", now=world.clock.now(), author="alice",
        )
        for name in ("SMTP_USERNAME", "SMTP_PASSWORD")
    )  # fmt: skip
    world.session.flush()
    world.change(smtp_region=REGION, smtp_user_secret_id=user.id, smtp_password_secret_id=password.id)
    return world


def credentials(world):
    """What a mailer reads."""
    strategy = world.strategy()
    ids = (strategy.smtp_user_secret_id, strategy.smtp_password_secret_id)
    with world.new_session() as session:
        values = current_values(session, world.sealing_key, ids)
    return tuple(values[each].decode() for each in ids)


def fitting(pair, region=REGION):
    return pair.access_key_id, smtp_password(pair.secret_access_key, region)


def test_they_move_with_the_pair(mailing):
    rotation = mailing.rotate()
    assert rotation.state == State.SUCCEEDED
    assert credentials(mailing) == fitting(mailing.pair())
    assert "SMTP_PASSWORD became version 2, in one transaction" in rotation.steps[-1].summary
    mailing.rotate(old_key=OldKey.END)
    assert credentials(mailing) == fitting(mailing.pair())


def test_nobody_reads_half_of_it(mailing):
    """Whoever looks between two commits sees the four values of one key."""
    seen = set()

    def look(_when, _method):
        seen.add((mailing.pair(), credentials(mailing)))

    mailing.rotate()
    mailing.aws.watch(look)
    mailing.rotate(old_key=OldKey.END)
    look("", "")
    assert len(seen) == 2
    assert all(told == fitting(pair) for pair, told in seen)


def test_the_secret_is_in_no_step(mailing):
    rotation = mailing.rotate()
    told = str([(step.summary, step.calls) for step in rotation.steps])
    assert credentials(mailing)[1] not in told


def test_a_rotation_without_them_leaves_them_alone(mailing):
    mailing.rotate()
    before = credentials(mailing)
    mailing.change(smtp_region="")
    mailing.rotate(old_key=OldKey.END)
    assert credentials(mailing) == before


def test_where_one_is_gone_nothing_is_published(mailing):
    mailing.change(smtp_password_secret_id=None)
    before = mailing.pair()
    assert mailing.rotate().error_code == "secret_missing"
    assert mailing.pair() == before
    assert not mailing.aws.calls_of("create_key")


def test_the_database_keeps_the_four_apart(mailing):
    with pytest.raises(IntegrityError):
        mailing.change(smtp_user_secret_id=mailing.strategy().access_key_secret_id)
    mailing.session.rollback()
    with pytest.raises(IntegrityError):
        mailing.change(smtp_user_secret_id=mailing.strategy().smtp_password_secret_id)
    mailing.session.rollback()


def edit(world, **values):
    """Change the strategy as its form does."""
    with world.new_session() as session:
        strategy = session.get_one(RotationStrategy, world.strategy_id)
        old = strategy.outputs, strategy.smtp_region
        for name, value in values.items():
            setattr(strategy, name, value)
        session.flush()
        session.refresh(strategy)
        move_outputs(session, world.sealing_key, strategy, *old, now=world.clock.now(), by="alice")
        session.commit()


def test_another_region_computes_the_password_anew(mailing):
    mailing.rotate()
    edit(mailing, smtp_region="us-west-1")
    assert credentials(mailing) == fitting(mailing.pair(), "us-west-1")


def test_secrets_chosen_later_get_the_current_keys(mailing):
    ids = mailing.strategy().output_ids[2:]
    mailing.change(smtp_region="", smtp_user_secret_id=None, smtp_password_secret_id=None)
    mailing.rotate()
    edit(mailing, smtp_region=REGION, smtp_user_secret_id=ids[0], smtp_password_secret_id=ids[1])
    assert credentials(mailing) == fitting(mailing.pair())


def test_of_a_placeholder_nothing_is_derived(mailing):
    edit(mailing, smtp_region="us-west-1")
    assert credentials(mailing) == ("changeme", "changeme")


def test_an_edit_of_something_else_writes_nothing(mailing):
    mailing.rotate()
    with mailing.new_session() as session:
        before = {secret.id: secret.version for secret in session.query(Secret)}
    edit(mailing, grace_s=60)
    with mailing.new_session() as session:
        assert {secret.id: secret.version for secret in session.query(Secret)} == before


def test_from_no_secrets_nothing_moves(mailing):
    """As of a strategy whose output was the connection."""
    before = mailing.versions()
    with mailing.new_session() as session:
        strategy = session.get_one(RotationStrategy, mailing.strategy_id)
        move_outputs(session, mailing.sealing_key, strategy, (), "", now=mailing.clock.now(), by="alice")
        session.commit()
    assert mailing.versions() == before


def test_an_undo_brings_them_back_too(mailing):
    mailing.rotate()
    before = mailing.pair()
    mailing.pass_time(3 * DAY)
    mailing.rotate()
    assert mailing.pair() != before
    key_id = undoing.key_before(mailing.session, mailing.strategy_id).id
    mailing.session.commit()
    rotation, _ = undoing.request_undo(
        mailing.session, mailing.strategy(), key_id, by="alice", now=mailing.clock.now()
    )  # fmt: skip
    mailing.session.commit()
    assert mailing.finish(rotation.id).state == State.SUCCEEDED
    assert (mailing.pair(), credentials(mailing)) == (before, fitting(before))

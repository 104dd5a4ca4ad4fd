"""The secrets for SES SMTP are a strategy's as the pair is."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from models import RotationStrategy
from models.vault.editing import delete_secret, restore_version
from models.vault.moving import move_secrets
from models.vault.writers import WrittenByStrategyError, writer_of, writers
from tests.fake_clock import START


@pytest.fixture
def mailing(store):
    """A strategy's id, and the ids of its secrets."""
    strategy_id, *pair = store.strategy()
    smtp = [store.add(name, path="/billing/api") for name in ("SMTP_USERNAME", "SMTP_PASSWORD")]
    with Session(store.engine) as session:
        strategy = session.get_one(RotationStrategy, strategy_id)
        strategy.smtp_region, strategy.smtp_user_secret_id, strategy.smtp_password_secret_id = "eu-west-1", *smtp
        session.commit()
    return strategy_id, [*pair, *smtp]


def test_the_strategy_writes_all_four(store, mailing):
    strategy_id, secret_ids = mailing
    session = store.reader()
    assert {writer_of(session, each).id for each in secret_ids} == {strategy_id}
    assert set(writers(session, store.project_id)) == set(secret_ids)


@pytest.mark.parametrize("number", [2, 3])
def test_they_are_not_deleted_and_not_brought_back(store, mailing, number):
    session = store.session()
    secret = store.secret(session, mailing[1][number])
    with pytest.raises(WrittenByStrategyError):
        delete_secret(session, secret, START)
    with pytest.raises(WrittenByStrategyError):
        restore_version(session, store.key, secret, 1, 1, now=START, author="bob")


def test_all_four_move_together(store, mailing):
    session = store.session()
    moved = move_secrets(session, [mailing[1][3]], store.environment(session), "/new", START)
    assert {secret.id for secret, _ in moved} == set(mailing[1])

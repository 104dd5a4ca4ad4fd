"""A new strategy with a manager's key that a connection of the project has already."""

from __future__ import annotations

from models import RotationStrategy
from tests import turned
from tests.views.setup.filled import NEW, error_at, strategy_form


def test_makes_no_second_connection(bob_client, aws, session, keyring, payments):
    stored = turned.connection(session, keyring, payments)
    bob_client.post(NEW, data=strategy_form(manager_access_key=stored.access_key_id))
    (strategy,) = session.query(RotationStrategy)
    assert strategy.connection_id == stored.id


def test_under_another_name_is_refused(bob_client, aws, session, keyring, payments):
    stored = turned.connection(session, keyring, payments)
    form = strategy_form(manager_access_key=stored.access_key_id, connection_name="another")
    assert "prod-manager has this key already" in error_at(bob_client.post(NEW, data=form), "manager_access_key")


def test_with_a_secret_that_aws_refuses_is_refused(bob_client, aws, session, keyring, payments):
    stored = turned.connection(session, keyring, payments)
    aws.fail_next("identify", "manager_secret_wrong")
    form = strategy_form(manager_access_key=stored.access_key_id, save_anyway="y")
    assert "prod-manager has this key already" in error_at(bob_client.post(NEW, data=form), "manager_access_key")

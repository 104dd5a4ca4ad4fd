"""Use the practice values: the server knows the manager's key, and no page shows it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from models import Connection, RotationStrategy
from tests import turned
from tests.views.setup.filled import NEW, strategy_form, value_of

PRACTICE_KEY = "AKIAEXAMPLEPRACTICE1"
PRACTICE_SECRET = "example-practice-secret-do-not-show"


@pytest.fixture
def demo(app, aws):
    """As in `make demo`."""
    services = app.extensions["keyturn"]
    file = services.config.instance / "demo.json"
    facts = {
        "aws": {"region": "eu-central-1"},
        "manager": {"user_name": "key-manager", "access_key_id": PRACTICE_KEY, "secret_access_key": PRACTICE_SECRET},
        "targets": [
            {"user_name": name, "path": "/apps/", "access_key_id": f"AKIAEXAMPLETARGET00{number}"}
            for number, name in enumerate(("billing-api", "mail-relay"))
        ],
    }
    file.write_text(json.dumps(facts))
    app.extensions["keyturn"] = replace(services, config=replace(services.config, practice=True))
    yield file
    app.extensions["keyturn"] = services
    file.unlink(missing_ok=True)


def test_are_offered_and_fill_in_a_free_target(bob_client, demo, session, keyring, payments):
    turned.strategy(session, keyring, payments, "billing-api")
    assert f'href="{NEW}?practice=1"' in bob_client.get(NEW).text
    page = bob_client.get(f"{NEW}?practice=1")
    assert (value_of(page, "iam_username"), value_of(page, "iam_path")) == ("mail-relay", "/apps/")
    assert value_of(page, "existing_key") == "AKIAEXAMPLETARGET001"
    assert 'checked id="manager-' in page.text
    assert PRACTICE_SECRET not in page.text


def test_work(bob_client, demo, aws, session, key):
    response = bob_client.post(
        NEW, data=strategy_form(manager="practice", manager_access_key="", manager_secret_key="", manager_region="")
    )
    assert response.status_code == 303
    (connection,) = session.query(Connection)
    assert (connection.name, connection.region, connection.verify_rounds) == ("practice-manager", "eu-central-1", 3)
    assert connection.open_secret(key) == PRACTICE_SECRET
    assert aws.asked == [(PRACTICE_KEY, PRACTICE_SECRET, "eu-central-1")]


def test_use_the_stored_practice_manager_where_there_is_one(bob_client, demo, aws, session, keyring, payments):
    stored = turned.connection(session, keyring, payments, "practice-manager")
    stored.access_key_id = PRACTICE_KEY
    bob_client.post(NEW, data=strategy_form(manager="practice"))
    (strategy,) = session.query(RotationStrategy)
    assert strategy.connection_id == stored.id


def test_all_targets_taken(bob_client, demo, session, keyring, payments):
    turned.strategy(session, keyring, payments, "billing-api")
    turned.strategy(session, keyring, payments, "mail-relay")
    assert value_of(bob_client.get(f"{NEW}?practice=1"), "iam_username") == ""


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"manager": 1, "aws": {}, "targets": []}'])
def test_a_file_that_is_not_ready(bob_client, demo, text):
    demo.write_text(text)
    assert "practice values" not in bob_client.get(f"{NEW}?practice=1").text


def test_outside_a_demo_there_are_none(bob_client, aws, session):
    assert "practice values" not in bob_client.get(f"{NEW}?practice=1").text
    assert bob_client.post(NEW, data=strategy_form(manager="practice")).status_code == 422
    assert not session.query(RotationStrategy).count()

"""The form's part for SES SMTP credentials."""

from __future__ import annotations

import pytest

from models import RotationStrategy
from models.secret import create_secret, current_values, write_secret
from rotation.outputs.smtp import smtp_password
from tests import turned
from tests.fake_clock import START
from tests.views.setup.filled import NEW, error_at, strategy_form, text_of, value_of
from tests.views.setup.test_edit_strategy import DAY, edit, page_of

SMTP = {"smtp_region": "eu-west-1", "smtp_user_secret": "new", "smtp_password_secret": "new"}
NAMES = {"smtp_user_name": "MAIL_USER", "smtp_password_name": "MAIL_PASSWORD"}


@pytest.fixture
def strategy(session, keyring, payments, aws) -> RotationStrategy:
    """Turned 8 days ago; its secrets hold the key."""
    made = turned.strategy(session, keyring, payments, "billing-api", due_in=22 * DAY, user_path="/apps/")
    pair = aws.add_key("billing-api")
    turned.succeeded(session, made, at=START - 8 * DAY, key_id=pair.access_key_id)
    key = payments.sealing_key(keyring)
    for secret, value in (
        (made.access_key_secret, pair.access_key_id),
        (made.secret_key_secret, pair.secret_access_key),
    ):
        write_secret(session, key, secret, value.encode(), now=START, author="x", reason="rotation 1")
    return made


def only(session):
    return session.query(RotationStrategy).one()


def add_secret(session, key, project, name):
    made = create_secret(
        session, key, environment=project.environments[2], path="/billing", name=name, value=b"x", now=START,
        author="bob",
    )  # fmt: skip
    session.flush()
    return made


def test_makes_two_more_secrets(bob_client, aws, session):
    bob_client.post(NEW, data=strategy_form(**SMTP, **NAMES))
    made = only(session)
    assert made.smtp_region == "eu-west-1"
    assert [secret.name for secret in made.outputs[2:]] == ["MAIL_USER", "MAIL_PASSWORD"]
    assert {secret.place for secret in made.outputs} == {"production:/billing"}


def test_maps_onto_existing_ones(bob_client, aws, session, key, payments):
    user, password = (add_secret(session, key, payments, name) for name in ("A", "B"))
    chosen = {"smtp_user_secret": str(user.id), "smtp_password_secret": str(password.id)}
    bob_client.post(NEW, data=strategy_form(**{**SMTP, **chosen}))
    assert only(session).output_ids[2:] == (user.id, password.id)


def test_without_a_region_there_are_none(bob_client, aws, session):
    bob_client.post(NEW, data=strategy_form(**{**SMTP, "smtp_region": " "}, **NAMES))
    assert only(session).output_ids[2:] == ()
    assert only(session).smtp_user_secret is None


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"smtp_region": "nowhere"}, "smtp_region", "region"),
        ({"smtp_user_name": "AWS_ACCESS_KEY"}, "smtp_user_name", "taken by an output above"),
        ({"smtp_password_name": "MAIL_USER"}, "smtp_password_name", "taken by an output above"),
        ({"smtp_user_name": "no good"}, "smtp_user_name", "letters, digits"),
        ({"smtp_password_secret": "77"}, "smtp_password_secret", "no other strategy writes"),
    ],
)
def test_what_cannot_be(bob_client, aws, session, changes, field, problem):
    response = bob_client.post(NEW, data=strategy_form(**{**SMTP, **NAMES, **changes}))
    assert response.status_code == 422
    assert problem in error_at(response, field)
    assert not session.query(RotationStrategy).count()


def test_not_one_of_the_pair(bob_client, aws, session, key, payments):
    taken = str(add_secret(session, key, payments, "A").id)
    response = bob_client.post(NEW, data=strategy_form(**{**SMTP, "smtp_user_secret": taken}, access_key_secret=taken))
    assert "taken by an output above" in error_at(response, "smtp_user_secret")


def test_not_one_that_another_strategy_writes(bob_client, aws, session, keyring, payments):
    other = turned.strategy(session, keyring, payments, "mail-relay", path="/billing")
    first = str(other.access_key_secret_id)
    response = bob_client.post(NEW, data=strategy_form(**{**SMTP, "smtp_user_secret": first}))
    assert "no other strategy writes" in error_at(response, "smtp_user_secret")


def test_an_edit_computes_them_from_the_current_key(bob_client, session, key, strategy):
    edit(bob_client, strategy, **SMTP, **NAMES)
    first, second, user, password = strategy.output_ids
    values = {each: value.decode() for each, value in current_values(session, key, strategy.output_ids).items()}
    assert values[user] == values[first]
    assert values[password] == smtp_password(values[second], "eu-west-1")


def test_the_form_and_the_page_show_them(bob_client, strategy):
    edit(bob_client, strategy, **SMTP, **NAMES)
    form = bob_client.get(f"{page_of(strategy)}/edit")
    assert value_of(form, "smtp_region") == "eu-west-1"
    assert f'<option selected value="{strategy.smtp_user_secret_id}">' in form.text
    page = text_of(bob_client.get(page_of(strategy)))
    assert "changed with the pair, for eu-west-1: MAIL_USER and MAIL_PASSWORD in production:/billing-api" in page
    assert "MAIL_PASSWORD in production:/billing-api change together" in text_of(form)


def test_people_do_not_edit_them(bob_client, strategy):
    edit(bob_client, strategy, **SMTP, **NAMES)
    page = bob_client.get(f"/projects/payments/secret/{strategy.smtp_password_secret_id}/edit").text
    assert "billing-api</a> writes it" in page


def test_they_are_given_up_by_an_empty_region(bob_client, session, strategy):
    edit(bob_client, strategy, **SMTP, **NAMES)
    edit(bob_client, strategy, smtp_region="")
    assert strategy.output_ids[2:] == ()
    assert strategy.smtp_password_secret_id is None

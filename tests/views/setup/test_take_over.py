"""A key that exists already: offered where AWS lists it, asked for where not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import RotationStrategy
from rotation.provider import LastUse
from tests.views.setup.filled import NEW, error_at, strategy_form, text_of, value_of
from tests.views.setup.test_edit_strategy import form_of, page_of, strategy

__all__ = ["strategy"]

UNKNOWN = "AKIAEXAMPLE999999999"


def check(client, **changes):
    return client.post(f"{NEW}/check", data=strategy_form(**changes), htmx=True)


def radio(response, key_id):
    """The key's radio button: None without one, else whether it is chosen."""
    start = response.text.find(f'value="{key_id}"\n')
    start = start if start >= 0 else response.text.find(f'value="{key_id}" id="existing-')
    return None if start < 0 else "checked" in response.text[start : response.text.index(">", start)]


class TestListed:
    @pytest.fixture
    def keys(self, aws, clock):
        used, idle = (aws.add_key("billing-api").access_key_id for _ in range(2))
        for key in (used, idle):
            aws.keys[key].created_at = clock.now() - timedelta(days=3)
        aws.keys[idle].active = False
        use = LastUse("billing-api", clock.now() - timedelta(hours=2), "s3", "eu-central-1")
        aws.keys[used].used.append(use)
        return used, idle

    def test_the_keys_are_offered_with_age_state_and_last_use(self, bob_client, keys):
        response = check(bob_client)
        assert [radio(response, key) for key in keys] == [False, False]
        words = text_of(response)
        assert f"{keys[0]} Active, made 3 d ago ; last used 2 h ago for s3 in eu-central-1" in words
        assert f"{keys[1]} Inactive, made 3 d ago ; no use reported" in words

    def test_the_one_that_was_entered_is_chosen(self, bob_client, keys):
        response = check(bob_client, existing_key=keys[1])
        assert [radio(response, key) for key in keys] == [False, True]

    def test_one_that_is_not_the_users_stays_and_says_so(self, bob_client, keys):
        response = check(bob_client, existing_key=UNKNOWN)
        assert radio(response, UNKNOWN) is True
        assert "list it for billing-api" in text_of(response)

    def test_the_choice_is_saved(self, bob_client, session, aws, keys):
        aws.remove_key(keys[1])
        bob_client.post(NEW, data=strategy_form(existing_key=keys[0]))
        assert session.query(RotationStrategy).one().existing_key_id == keys[0]

    def test_the_page_offers_them_without_javascript(self, bob_client, keys):
        page = bob_client.post(f"{NEW}/check", data=strategy_form(existing_key=keys[0]))
        assert radio(page, keys[0]) is True
        assert 'type="text" value="' + keys[0] not in page.text

    def test_where_the_last_use_is_not_told(self, bob_client, aws, keys):
        aws.deny("last_use")
        assert "its last use can" in text_of(check(bob_client))

    def test_a_wrong_one_is_told_at_the_choice(self, bob_client, keys):
        response = bob_client.post(NEW, data=strategy_form(existing_key=UNKNOWN))
        assert "isn't known as one" in error_at(response, "existing_key")
        assert radio(response, UNKNOWN) is True


def test_where_listing_is_not_permitted_the_id_is_asked_for(bob_client, aws):
    key = aws.add_key("billing-api").access_key_id
    aws.deny("list_keys")
    response = check(bob_client, existing_key=key)
    assert radio(response, "") is None
    assert value_of(response, "existing_key") == key


def test_a_strategys_own_keys_are_not_offered(bob_client, aws, strategy):
    own, other = aws.keys_of("billing-api")[0], aws.add_key("billing-api").access_key_id
    response = bob_client.post(f"{page_of(strategy)}/edit/check", data=form_of(strategy), htmx=True)
    assert radio(response, own) is None
    assert radio(response, other) is False


def test_a_user_without_keys_has_none_to_choose(bob_client, aws):
    assert "Where the manager may list keys" in text_of(check(bob_client))


def test_terraform_users_are_told_what_to_do(bob_client):
    page = bob_client.get(NEW).text
    assert "terraform state rm" in page
    assert "removed {\n  from = aws_iam_access_key.NAME" in page

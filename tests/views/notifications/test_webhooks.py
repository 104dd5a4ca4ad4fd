"""Webhooks on their pages: made, changed, given another secret."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import AuditEntry, Webhook
from models.audit import Action
from tests.fake_clock import START
from tests.views.notifications.conftest import LIST, shown

FORM = {
    "name": "deploys", "url": "https://example.com/hooks?tenant=7", "enabled": "y",
    "kinds": ["rotation.succeeded", "rotation.failed"],
}  # fmt: skip


def entry(session, action):
    return session.query(AuditEntry).filter_by(action=action.value).one()


class TestMake:
    def test_shows_its_secret_once(self, bob_client, session, keyring, payments, clock):
        response = bob_client.post(f"{LIST}/webhooks/new", data=FORM)
        secret = shown(response)
        made = session.query(Webhook).one()
        assert made.secrets(payments.sealing_key(keyring), clock.now()) == [secret]
        assert (made.url, made.kinds, made.enabled) == (FORM["url"], FORM["kinds"], True)
        assert response.headers["Cache-Control"] == "no-store"
        for page in (LIST, f"{LIST}/webhooks/{made.id}"):
            answer = bob_client.get(page)
            assert "deploys" in answer.text
            assert secret not in answer.text
        told = entry(session, Action.WEBHOOK_CREATE)
        assert (told.actor, told.thing, told.detail) == ("bob", "deploys", {"leads_to": "example.com"})
        assert "Added the webhook deploys" in bob_client.get("/projects/payments/audit").text

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("name", "No Name", "lower-case"),
            ("url", "ftp://example.com", "An address looks like"),
            ("url", "https://", "An address looks like"),
            ("url", "https://example.com:port/", "An address looks like"),
            ("url", "https://[::1/", "An address looks like"),
            ("url", "https://example.com/a b", "An address looks like"),
            ("url", "https://user:word@example.com/", "Leave out the name and password"),
            ("url", "https://example.com/#part", "Leave out what follows"),
            ("url", "https://example.com/" + "x" * 2000, "An address looks like"),
            ("kinds", [], "Choose one or more"),
            ("kinds", ["test"], "not a valid choice"),
        ],
    )
    def test_bad_input(self, bob_client, session, payments, field, value, said):
        response = bob_client.post(f"{LIST}/webhooks/new", data={**FORM, field: value})
        assert response.status_code == 422
        assert said in response.text
        assert not session.query(Webhook).count()

    def test_a_name_that_is_there(self, bob_client, session, webhook):
        response = bob_client.post(f"{LIST}/webhooks/new", data=FORM)
        assert response.status_code == 422
        assert "There is a webhook deploys" in response.text

    def test_wants_a_fresh_password(self, bob_client, session, payments, clock):
        clock.advance(timedelta(minutes=16).total_seconds())
        assert "Your password" in bob_client.post(f"{LIST}/webhooks/new", data=FORM).text
        assert not session.query(Webhook).count()

    def test_an_administrator_alone_allows_private_addresses(self, bob_client, alice_client, session, payments):
        bob_client.post(f"{LIST}/webhooks/new", data={**FORM, "allows_private": "y"})
        alice_client.post(f"{LIST}/webhooks/new", data={**FORM, "name": "inside", "allows_private": "y"})
        assert {each.name: each.allows_private for each in session.query(Webhook)} == {"deploys": False, "inside": True}
        assert "May lead to a private address" not in bob_client.get(f"{LIST}/webhooks/new").text
        assert "May lead to a private address" in alice_client.get(f"{LIST}/webhooks/new").text

    def test_a_stranger(self, charlie_client, session, payments):
        assert charlie_client.get(LIST).status_code == 404
        assert charlie_client.get(f"{LIST}/webhooks/new").status_code == 404
        assert charlie_client.post(f"{LIST}/webhooks/new", data=FORM).status_code == 404
        assert not session.query(Webhook).count()


class TestChange:
    def test_works(self, bob_client, session, webhook):
        form = {**FORM, "name": "other", "enabled": ""}
        assert bob_client.post(f"{LIST}/webhooks/{webhook.id}", data=form).status_code == 303
        assert (webhook.name, webhook.url, webhook.kinds) == ("other", FORM["url"], FORM["kinds"])
        assert not webhook.enabled
        assert entry(session, Action.WEBHOOK_CHANGE).detail["name"] == "deploys to other"
        assert "Switched off" in bob_client.get(LIST).text

    def test_nothing_new_is_not_recorded(self, bob_client, session, webhook):
        same = {"name": webhook.name, "url": webhook.url, "kinds": webhook.kinds, "enabled": "y"}
        assert bob_client.post(f"{LIST}/webhooks/{webhook.id}", data=same).status_code == 303
        assert not session.query(AuditEntry).filter_by(action="webhook.change").count()

    def test_bad_input(self, bob_client, session, webhook):
        response = bob_client.post(f"{LIST}/webhooks/{webhook.id}", data={**FORM, "url": "nowhere"})
        assert response.status_code == 422
        assert webhook.url == "https://example.com/hooks"

    def test_another_ones_name(self, bob_client, session, webhook, keyring, payments):
        bob_client.post(f"{LIST}/webhooks/new", data={**FORM, "name": "other"})
        response = bob_client.post(f"{LIST}/webhooks/{webhook.id}", data={**FORM, "name": "other"})
        assert response.status_code == 422
        assert "There is another other" in response.text

    def test_what_was_allowed_holds_for_that_host_alone(self, bob_client, alice_client, session, webhook):
        webhook.allows_private = True
        bob_client.post(f"{LIST}/webhooks/{webhook.id}", data={**FORM, "url": "https://example.com/other"})
        assert webhook.allows_private
        bob_client.post(f"{LIST}/webhooks/{webhook.id}", data={**FORM, "url": "https://example.com:8443/other"})
        assert not webhook.allows_private

    def test_one_that_is_gone_is_switched_on_again(self, bob_client, session, webhook):
        webhook.enabled, webhook.gone_at = False, START
        assert "gone for good" in bob_client.get(f"{LIST}/webhooks/{webhook.id}").text
        bob_client.post(f"{LIST}/webhooks/{webhook.id}", data=FORM)
        assert webhook.enabled
        assert webhook.gone_at is None

    def test_a_stranger(self, charlie_client, session, webhook):
        assert charlie_client.get(f"{LIST}/webhooks/{webhook.id}").status_code == 404
        assert charlie_client.post(f"{LIST}/webhooks/{webhook.id}", data=FORM).status_code == 404
        theirs = f"/projects/data-platform/notifications/webhooks/{webhook.id}"
        assert charlie_client.get(theirs).status_code == 404
        assert charlie_client.post(theirs, data=FORM).status_code == 404
        assert webhook.url == "https://example.com/hooks"


class TestRotate:
    def test_both_secrets_sign_for_the_overlap(self, bob_client, session, keyring, payments, webhook, clock):
        key = payments.sealing_key(keyring)
        (before,) = webhook.secrets(key, clock.now())
        assert "A new secret for deploys" in bob_client.get(f"{LIST}/webhooks/{webhook.id}/rotate").text
        after = shown(bob_client.post(f"{LIST}/webhooks/{webhook.id}/rotate", data={"overlap": "3600"}))
        assert webhook.secrets(key, clock.now()) == [after, before]
        assert "signed by the secret before too" in bob_client.get(f"{LIST}/webhooks/{webhook.id}").text
        clock.advance(3600)
        assert webhook.secrets(key, clock.now()) == [after]
        assert entry(session, Action.WEBHOOK_ROTATE).detail == {"overlap_s": 3600}

    def test_bad_input(self, bob_client, session, keyring, payments, webhook, clock):
        (before,) = webhook.secrets(payments.sealing_key(keyring), clock.now())
        assert bob_client.post(f"{LIST}/webhooks/{webhook.id}/rotate", data={"overlap": "7"}).status_code == 422
        assert webhook.secrets(payments.sealing_key(keyring), clock.now()) == [before]

    def test_wants_a_fresh_password(self, bob_client, session, webhook, clock):
        clock.advance(timedelta(minutes=16).total_seconds())
        response = bob_client.post(f"{LIST}/webhooks/{webhook.id}/rotate", data={"overlap": "0"})
        assert "Your password" in response.text
        assert webhook.old_secret is None

    def test_a_stranger(self, charlie_client, session, webhook):
        assert charlie_client.get(f"{LIST}/webhooks/{webhook.id}/rotate").status_code == 404
        assert charlie_client.post(f"{LIST}/webhooks/{webhook.id}/rotate", data={"overlap": "0"}).status_code == 404
        assert webhook.old_secret is None

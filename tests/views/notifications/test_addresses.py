"""Addresses of people on their pages: made, changed, never shown."""

from __future__ import annotations

import pytest

from models import AuditEntry, NoticeAddress
from models.audit import Action
from tests.views.notifications.conftest import LIST, PLANTED

FORM = {"name": "team", "url": PLANTED, "enabled": "y", "kinds": ["rotation.failed", "key.too-old"]}


def test_the_place_is_empty_at_first(bob_client, payments):
    page = bob_client.get(LIST).text
    assert "Nobody is told when something goes wrong" in page
    assert "No webhook yet" in page


class TestMake:
    def test_is_never_shown_again(self, bob_client, session, keyring, payments):
        assert bob_client.post(f"{LIST}/addresses/new", data=FORM).status_code == 303
        made = session.query(NoticeAddress).one()
        assert made.open_url(payments.sealing_key(keyring)) == PLANTED
        assert (made.service, made.kinds) == ("mailtos", FORM["kinds"])
        for page in (LIST, f"{LIST}/addresses/{made.id}", "/projects/payments/audit"):
            answer = bob_client.get(page).text
            assert "planted-password" not in answer
        assert "mailtos://<span" in bob_client.get(f"{LIST}/addresses/{made.id}").text
        told = session.query(AuditEntry).filter_by(action=Action.ADDRESS_CREATE.value).one()
        assert (told.thing, told.detail) == ("team", {"service": "mailtos"})

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("name", "No Name", "lower-case"),
            ("url", "", "An address looks like"),
            ("url", "json://planted-password/", "Keyturn tells people by"),
            ("url", "slack://planted-password/b/c?template=/etc/passwd", "This option isn"),
            ("kinds", [], "Choose one or more"),
            ("kinds", ["rotation.succeeded"], "not a valid choice"),
        ],
    )
    def test_bad_input(self, bob_client, session, payments, field, value, said):
        response = bob_client.post(f"{LIST}/addresses/new", data={**FORM, field: value})
        assert response.status_code == 422
        assert said in response.text
        assert "planted-password" not in response.text
        assert not session.query(NoticeAddress).count()

    def test_a_name_that_is_there(self, bob_client, session, address):
        response = bob_client.post(f"{LIST}/addresses/new", data=FORM)
        assert response.status_code == 422
        assert "There is an address team" in response.text

    def test_a_stranger(self, charlie_client, session, payments):
        assert charlie_client.get(f"{LIST}/addresses/new").status_code == 404
        assert charlie_client.post(f"{LIST}/addresses/new", data=FORM).status_code == 404
        assert not session.query(NoticeAddress).count()


class TestChange:
    def test_an_empty_field_keeps_it(self, bob_client, session, keyring, payments, address):
        address.allows_private = True
        form = {**FORM, "url": "", "name": "crew"}
        assert bob_client.post(f"{LIST}/addresses/{address.id}", data=form).status_code == 303
        assert (address.name, address.kinds, address.allows_private) == ("crew", FORM["kinds"], True)
        assert address.open_url(payments.sealing_key(keyring)) == PLANTED

    def test_another_address_is_not_allowed_what_the_first_was(self, bob_client, session, keyring, payments, address):
        address.allows_private = True
        bob_client.post(f"{LIST}/addresses/{address.id}", data={**FORM, "url": "gotify://10.0.0.1/token"})
        assert address.open_url(payments.sealing_key(keyring)) == "gotify://10.0.0.1/token"
        assert (address.service, address.allows_private) == ("gotify", False)
        told = session.query(AuditEntry).filter_by(action=Action.ADDRESS_CHANGE.value).one()
        assert "10.0.0.1" not in str(told.detail)

    def test_bad_input(self, bob_client, session, keyring, payments, address):
        response = bob_client.post(f"{LIST}/addresses/{address.id}", data={**FORM, "url": "file:///etc/passwd"})
        assert response.status_code == 422
        assert address.open_url(payments.sealing_key(keyring)) == PLANTED

    def test_a_stranger(self, charlie_client, session, address):
        assert charlie_client.get(f"{LIST}/addresses/{address.id}").status_code == 404
        assert charlie_client.post(f"{LIST}/addresses/{address.id}", data=FORM).status_code == 404

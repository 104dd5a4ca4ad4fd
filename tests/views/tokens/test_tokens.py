"""A person makes, rotates and revokes service tokens."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from models import Action, AuditEntry, HandedKey, ServiceToken
from models.programs.token import find_token, is_service_token
from tests import turned
from tests.api import programs
from tests.fake_clock import START
from tests.views.setup.filled import text_of

LIST = "/projects/payments/tokens"


@pytest.fixture
def billing(session, keyring, payments):
    return turned.strategy(session, keyring, payments, "billing-api")


def form(billing, **changes):
    place = billing.access_key_secret
    return {
        "name": "billing-api", "note": "The one in Frankfurt", "environment": str(place.environment_id), "path": "/",
        "subtree": "y", "strategies": [str(billing.id)], "expires": "90", "networks": "10.0.0.0/8 192.0.2.7", **changes,
    }  # fmt: skip


def shown(response):
    return re.search(r"<pre tabindex=\"0\">(kt_\w+)</pre>", response.text)[1]


def entry(session, action):
    return session.query(AuditEntry).filter_by(action=action.value).one()


class TestMake:
    def test_is_shown_once_and_kept_as_a_hash(self, bob_client, session, billing, clock):
        response = bob_client.post(f"{LIST}/new", data=form(billing))
        text = shown(response)
        assert is_service_token(text)
        token = session.query(ServiceToken).one()
        assert find_token(session, text, clock.now()) is token
        assert text not in str(vars(token))
        assert text.startswith(token.hint)
        assert (token.name, token.path, token.subtree, token.created_by) == ("billing-api", "/", True, "bob")
        assert token.networks == ["10.0.0.0/8", "192.0.2.7/32"]
        assert token.expires_at == START + timedelta(days=90)
        assert [each.id for each in token.strategies] == [billing.id]
        assert response.headers["Cache-Control"] == "no-store"
        page = bob_client.get(LIST).text
        assert "billing-api" in page
        assert text not in page

    def test_is_recorded_without_its_text(self, bob_client, session, billing):
        text = shown(bob_client.post(f"{LIST}/new", data=form(billing)))
        made = entry(session, Action.TOKEN_CREATE)
        assert (made.actor, made.thing) == ("bob", "billing-api")
        assert made.detail["place"] == "production:/ and below"
        assert text not in str(made.detail)
        assert "Made the token billing-api" in bob_client.get("/projects/payments/audit").text

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("name", "Billing API", "lower-case"),
            ("path", "/a b", "Use letters"),
            ("networks", "10.0.0.0/8, here", "here is no address"),
            ("networks", "10.0.0.1/8", "no address or network"),
            ("strategies", [], "Choose one or more"),
            ("path", "/elsewhere", "lie in the token"),
            ("expires", "12345", "Not a valid choice"),
        ],
    )
    def test_bad_input(self, bob_client, session, billing, field, value, said):
        response = bob_client.post(f"{LIST}/new", data=form(billing, **{field: value}))
        assert response.status_code == 422
        assert said in response.text
        assert not session.query(ServiceToken).count()

    def test_may_read_secrets_alone(self, bob_client, client, session, billing):
        response = bob_client.post(f"{LIST}/new", data=form(billing, strategies=[], reads_secrets="y", networks=""))
        assert programs.read(client, shown(response)).status_code == 200
        assert entry(session, Action.TOKEN_CREATE).detail["reads_secrets"] is True
        assert "no strategy" not in bob_client.get(LIST).text

    def test_may_rotate_without_fetching(self, bob_client, session, billing):
        right = {"strategies": [], "rotates": [str(billing.id)], "writes_secrets": "y"}
        bob_client.post(f"{LIST}/new", data=form(billing, **right))
        token = session.query(ServiceToken).one()
        assert (token.strategies, [each.id for each in token.rotated]) == ([], [billing.id])
        assert (token.reads_secrets, token.writes_secrets) == (False, True)
        detail = entry(session, Action.TOKEN_CREATE).detail
        assert (detail["credentials_of"], detail["rotates"]) == ([], ["billing-api, production:/billing-api"])
        page = " ".join(bob_client.get(LIST).text.split())
        assert "writes secrets" in page
        assert "rotates <a" in page

    def test_rotates_only_what_lies_where_it_reaches(self, bob_client, session, billing):
        response = bob_client.post(f"{LIST}/new", data=form(billing, rotates=[str(billing.id)], path="/elsewhere"))
        assert response.status_code == 422
        assert not session.query(ServiceToken).count()

    def test_not_for_another_environment(self, bob_client, session, billing, payments):
        other = next(each for each in payments.environments if each.name == "staging")
        assert bob_client.post(f"{LIST}/new", data=form(billing, environment=str(other.id))).status_code == 422

    def test_not_for_another_projects_strategy(self, bob_client, session, keyring, billing, charlie):
        from models import Project

        theirs = session.query(Project).filter_by(name="data-platform").one()
        foreign = turned.strategy(session, keyring, theirs, "log-shipper")
        for right in ("strategies", "rotates"):
            assert bob_client.post(f"{LIST}/new", data=form(billing, **{right: [str(foreign.id)]})).status_code == 422
        assert not session.query(ServiceToken).count()

    def test_a_name_that_is_there(self, bob_client, session, billing):
        programs.token(session, billing, name="billing-api")
        response = bob_client.post(f"{LIST}/new", data=form(billing))
        assert response.status_code == 422
        assert "There is a token billing-api" in response.text

    def test_wants_a_fresh_password(self, bob_client, session, billing, clock):
        clock.advance(timedelta(minutes=16).total_seconds())
        assert "Your password" in bob_client.post(f"{LIST}/new", data=form(billing)).text
        assert not session.query(ServiceToken).count()

    def test_a_stranger(self, charlie_client, session, billing):
        assert charlie_client.get(LIST).status_code == 404
        assert charlie_client.get(f"{LIST}/new").status_code == 404
        assert charlie_client.post(f"{LIST}/new", data=form(billing)).status_code == 404
        assert not session.query(ServiceToken).count()

    def test_begins_with_the_environment_of_a_strategy(self, bob_client, billing):
        place = billing.access_key_secret
        page = bob_client.get(f"{LIST}/new").text
        assert f'<option selected value="{place.environment_id}">production</option>' in page


class TestList:
    def test_is_empty_at_first(self, bob_client, payments):
        assert "No program has a token yet" in bob_client.get(LIST).text

    def test_tells_last_use_and_refusals(self, bob_client, session, billing):
        at = START - timedelta(minutes=7)
        programs.token(session, billing, used_at=at, used_from="192.0.2.7", refusals=3, refused_at=at)
        page = bob_client.get(LIST).text
        assert "7 min ago" in page
        assert "from 192.0.2.7" in page
        assert "refused 3 times" in page

    def test_tells_what_it_read(self, bob_client, session, keyring, payments, billing):
        mailer = turned.strategy(session, keyring, payments, "report-mailer")
        token, _ = programs.token(session, billing, mailer)
        for minutes, key_id in ((70, "AKIAEXAMPLEMW5RXN3HC"), (9, "AKIAEXAMPLE2T7Q4FVKD")):
            rotation = turned.succeeded(session, billing, at=START - 2 * timedelta(minutes=minutes), key_id=key_id)
            at = START - timedelta(minutes=minutes)
            session.add(HandedKey(token_id=token.id, key_id=rotation.access_key_id, at=at, until=at, as_session=False))
        session.flush()
        words = text_of(bob_client.get(LIST))
        assert "read the key of billing-api 9 min ago" in words
        assert words.count("read the key of") == 1, "of each strategy the last read"

    def test_tells_of_the_end(self, bob_client, session, billing):
        programs.token(session, billing, name="old", expires_at=START)
        programs.token(session, billing, name="gone", revoked_at=START, revoked_by="alice")
        page = bob_client.get(LIST).text
        assert "Expired" in page
        assert "by alice" in page


class TestRotate:
    def test_both_values_work_for_the_overlap(self, bob_client, session, billing, clock):
        token, before = programs.token(session, billing)
        assert "billing" in bob_client.get(f"{LIST}/{token.id}/rotate").text
        after = shown(bob_client.post(f"{LIST}/{token.id}/rotate", data={"overlap": "3600"}))
        assert find_token(session, before, clock.now()) is token
        assert find_token(session, after, clock.now()) is token
        clock.advance(timedelta(hours=1).total_seconds())
        assert find_token(session, before, clock.now()) is None
        assert find_token(session, after, clock.now()) is token
        assert entry(session, Action.TOKEN_ROTATE).detail == {"overlap_s": 3600}

    def test_without_overlap_the_one_before_stops_at_once(self, bob_client, session, billing, clock):
        token, before = programs.token(session, billing)
        bob_client.post(f"{LIST}/{token.id}/rotate", data={"overlap": "0"})
        assert find_token(session, before, clock.now()) is None

    def test_bad_input(self, bob_client, session, billing, clock):
        token, before = programs.token(session, billing)
        assert bob_client.post(f"{LIST}/{token.id}/rotate", data={"overlap": "99"}).status_code == 422
        assert find_token(session, before, clock.now()) is token

    def test_a_stranger(self, charlie_client, session, billing, clock):
        token, before = programs.token(session, billing)
        assert charlie_client.post(f"{LIST}/{token.id}/rotate", data={"overlap": "0"}).status_code == 404
        assert find_token(session, before, clock.now()) is token


class TestRevoke:
    def test_works(self, bob_client, session, billing):
        token, _ = programs.token(session, billing)
        assert "Revoke the token" in bob_client.get(f"{LIST}/{token.id}/revoke").text
        assert bob_client.post(f"{LIST}/{token.id}/revoke").status_code == 303
        assert (token.revoked_at, token.revoked_by) == (START, "bob")
        assert entry(session, Action.TOKEN_REVOKE).thing == "billing"
        assert bob_client.post(f"{LIST}/{token.id}/revoke").status_code == 404

    def test_wrong_method(self, bob_client, session, billing):
        token, _ = programs.token(session, billing)
        assert bob_client.put(f"{LIST}/{token.id}/revoke").status_code == 405

    def test_a_stranger(self, charlie_client, session, billing):
        token, _ = programs.token(session, billing)
        assert charlie_client.post(f"{LIST}/{token.id}/revoke").status_code == 404
        assert charlie_client.get(f"{LIST}/{token.id}/revoke").status_code == 404
        assert token.revoked_at is None

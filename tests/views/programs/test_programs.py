"""The strategy's page tells which program holds which key, and what programs are handed is chosen there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from models import AccessKey, Action, AuditEntry, HandedKey, HandsOut, KeyState, Rotation, SharedSession
from tests import turned
from tests.api import programs
from tests.fake_clock import START

PAGE = "/projects/payments/strategies/1"
HOUR = timedelta(hours=1)


@pytest.fixture
def billing(session, keyring, payments):
    return turned.strategy(session, keyring, payments, "billing-api")


@pytest.fixture
def old(session, billing) -> AccessKey:
    """The strategy's old key, in its grace."""
    turned.succeeded(session, billing, at=START - 30 * 24 * HOUR, key_id="AKIAEXAMPLEMW5RXN3HC")
    turned.succeeded(session, billing, at=START - HOUR, key_id="AKIAEXAMPLE2T7Q4FVKD")
    return session.query(AccessKey).filter_by(state=KeyState.RETIRING.value).one()


def handed(session, token, key, until, at=START - HOUR):
    session.add(HandedKey(token_id=token.id, key_id=key.id, at=at, until=until, as_session=False))
    key.held_until = until + timedelta(minutes=5)
    session.flush()


def board(client):
    page = client.get(PAGE).text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.index('id="programs"') :]))


@pytest.fixture
def reader(session, billing, old):
    """A program that was told that the old key holds for half an hour more."""
    token, _ = programs.token(session, billing, name="ledger")
    handed(session, token, old, START + HOUR / 2)
    return token


class TestBoard:
    def test_is_empty_at_first_with_the_lines_to_copy(self, bob_client, billing):
        text = board(bob_client)
        assert "No program has fetched these credentials yet" in text
        assert "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://localhost/v1/credentials/1" in text
        assert "AWS_CONTAINER_AUTHORIZATION_TOKEN=kt_" in text

    def test_tells_who_may_still_use_the_old_key(self, bob_client, reader):
        text = board(bob_client)
        assert "1 program may still use the old key" in text
        assert "ledger" in text
        assert "AKIA…N3HC , the old key" in text

    def test_says_when_all_have_moved(self, bob_client, session, reader, old):
        current = session.query(AccessKey).filter_by(state=KeyState.ACTIVE.value).one()
        session.query(HandedKey).one().until = START
        handed(session, reader, current, START + HOUR, at=START)
        text = board(bob_client)
        assert "Everything that Keyturn hands keys to has moved" in text
        assert "AKIA…N3HC" not in text.split("Recent")[0].split("For any AWS SDK")[0]

    def test_who_has_read_no_other_key_from_the_secrets_has_not_moved(self, bob_client, session, billing, old):
        token, _ = programs.token(session, billing, name="ledger")
        handed(session, token, old, START - 2 * HOUR, at=START - 2 * HOUR)
        text = board(bob_client)
        assert "1 program may still use the old key" in text
        assert "no time: it reads secrets" in text
        current = session.query(AccessKey).filter_by(state=KeyState.ACTIVE.value).one()
        handed(session, token, current, START, at=START)
        assert "Everything that Keyturn hands keys to has moved" in board(bob_client)

    def test_nothing_has_moved_for_certain_while_aws_reports_uses(self, bob_client, session, reader, old):
        session.query(HandedKey).one().until = START
        old.last_used_at = START - HOUR / 2
        session.flush()
        text = board(bob_client)
        assert "AWS reports uses of the old key" in text
        assert "has moved" not in text

    def test_is_part_of_the_news(self, bob_client, reader):
        answer = bob_client.get(f"{PAGE}/news", htmx=True)
        assert 'hx-swap-oob="true" class="card" id="programs"' in answer.text


class TestRetireNow:
    URL = f"{PAGE}/old-key/end"

    def test_asks_twice_while_a_program_was_told_that_it_holds(self, bob_client, session, reader, old):
        dialog = bob_client.get(self.URL).text
        assert "ledger" in dialog
        assert dialog.count("required") == 2
        refused = bob_client.post(self.URL, data={"key": old.id, "sure": "yes"})
        assert refused.status_code == 422
        assert "Tick this too." in refused.text
        assert old.ended_by == ""
        assert bob_client.post(self.URL, data={"key": old.id, "sure": "yes", "readers": "yes"}).status_code == 303
        assert old.ended_by == "bob"

    def test_is_calm_when_the_board_is_clear(self, bob_client, session, reader, old):
        session.query(HandedKey).one().until = START
        assert "ledger" not in bob_client.get(self.URL).text
        assert bob_client.post(self.URL, data={"key": old.id, "sure": "yes"}).status_code == 303

    def test_asks_twice_while_a_program_has_read_no_other_key(self, bob_client, session, billing, old):
        token, _ = programs.token(session, billing, name="ledger")
        handed(session, token, old, START - 2 * HOUR, at=START - 2 * HOUR)
        dialog = re.sub(r"<[^>]+>", "", bob_client.get(self.URL).text)
        assert "ledger read it from the secrets, and not the new key yet." in dialog
        assert "told that it holds" not in dialog
        assert "By itself" not in dialog, "nothing keeps it for who reads secrets"
        assert bob_client.post(self.URL, data={"key": old.id, "sure": "yes"}).status_code == 422

    def test_so_does_the_rotate_button(self, bob_client, session, reader, old):
        assert "ledger" in bob_client.post(f"{PAGE}/rotate", data={"old_key": "ask"}).text
        refused = bob_client.post(f"{PAGE}/rotate", data={"old_key": "end"})
        assert refused.status_code == 422
        assert "Tick this first." in refused.text
        assert not session.query(Rotation).filter(Rotation.ended_at.is_(None)).count()
        assert bob_client.post(f"{PAGE}/rotate", data={"old_key": "end", "readers": "yes"}).status_code == 303
        assert session.query(Rotation).filter(Rotation.ended_at.is_(None)).one().end_old_key


class TestChoose:
    URL = f"{PAGE}/programs"

    def test_works(self, bob_client, session, billing):
        answer = bob_client.post(self.URL, data={"hands_out": "key", "handed_s": "900"})
        assert (answer.status_code, answer.location) == (303, f"{PAGE}#programs")
        assert (billing.hands_out, billing.handed_s) == (HandsOut.KEY.value, 900)
        entry = session.query(AuditEntry).filter_by(action=Action.STRATEGY_CHANGE.value).one()
        assert entry.detail == {"hands_out": "session to key", "handed_s": "3600 to 900"}
        log = bob_client.get("/projects/payments/audit").text
        assert "programs are handed: temporary credentials → the key itself" in log

    def test_temporary_credentials_are_fetched_at_once(self, bob_client, session, billing):
        billing.hands_out = HandsOut.KEY.value
        bob_client.post(self.URL, data={"hands_out": "session", "handed_s": "3600"})
        assert session.query(SharedSession).one().renew_at == START

    def test_unchanged_is_not_recorded(self, bob_client, session, billing):
        bob_client.post(self.URL, data={"hands_out": "session", "handed_s": "3600"})
        assert not session.query(AuditEntry).count()

    @pytest.mark.parametrize("data", [{}, {"hands_out": "key", "handed_s": "1"}, {"hands_out": "x", "handed_s": "900"}])
    def test_bad_input(self, bob_client, billing, data):
        assert bob_client.post(self.URL, data=data).status_code == 400

    def test_a_stranger(self, charlie_client, billing):
        assert charlie_client.post(self.URL, data={"hands_out": "key", "handed_s": "900"}).status_code == 404
        assert billing.hands_out == HandsOut.SESSION.value

    def test_wrong_method(self, bob_client, billing):
        assert bob_client.get(self.URL).status_code == 405

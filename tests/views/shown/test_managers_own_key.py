"""A strategy whose output is its connection: no page speaks of programs that read its key."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import AccessKey, KeyState
from tests import turned
from tests.fake_clock import START
from tests.views.setup.filled import text_of

PAGE = "/projects/payments/strategies/1"
LIST = "/projects/payments/strategies"
DAY = timedelta(days=1)
CURRENT, BEFORE = "AKIAEXAMPLEMW5RXN3HC", "AKIAEXAMPLE2T7Q4FVKD"


@pytest.fixture
def unturned(session, keyring, payments):
    """The strategy turns the key of its own connection, `prod-manager`, and hasn't yet."""
    made = turned.strategy(session, keyring, payments, "key-manager")
    made.turns_manager, made.access_key_secret, made.secret_key_secret = True, None, None
    session.flush()
    return made


@pytest.fixture
def own(session, unturned):
    turned.succeeded(session, unturned, at=START - 38 * DAY, key_id=BEFORE)
    turned.succeeded(session, unturned, at=START - timedelta(hours=2), key_id=CURRENT)
    return unturned


@pytest.fixture
def current(session, own) -> AccessKey:
    return session.query(AccessKey).filter_by(state=KeyState.ACTIVE.value).one()


@pytest.fixture
def told(bob_client):
    """A page's or a dialog's words, none of which is about programs that read, nor about two secrets."""

    def look(url, **of_request):
        words = text_of(bob_client.get(url, **of_request))
        for untrue in ("rograms read", "rograms keep", "the two secrets", "oth secrets", "For programs"):
            assert untrue not in words
        return words

    return look


def test_a_success_says_that_the_connection_uses_the_new_key(session, own, told):
    first, second = session.query(turned.Rotation).order_by(turned.Rotation.id)
    assert "The connection used its key from " in told(f"/projects/payments/rotations/{first.id}")
    words = told(f"/projects/payments/rotations/{second.id}")
    assert "The connection prod-manager uses the new key since 10:00:00" in words
    assert "in a row before the connection used it" in words


def test_a_failure_says_what_it_means_for_the_connection(session, own, told):
    failed = turned.failed(session, own, "two_keys", facts={"key": CURRENT, "who_reads": own.who_reads})
    for page in (LIST, PAGE, f"/projects/payments/rotations/{failed.id}"):
        words = told(page)
        assert "Nothing changed. The connection prod-manager uses AKIA…N3HC ." in words
        assert f"Never delete {CURRENT} , which the connection prod-manager uses." in words
    assert "For the connection Nothing changed." in words


def test_before_a_key_was_published_it_uses_what_it_holds(session, unturned, told):
    assert "A key of key-manager that the connection holds is taken over" in told(PAGE)
    turned.failed(session, unturned, "aws_unreachable")
    assert "The connection prod-manager uses what it holds; no key was published yet." in told(PAGE)


@pytest.mark.parametrize(
    "code",
    ["published_key_deleted", "published_key_inactive", "published_key_refused", "published_key_not_targets"],
)
def test_a_key_that_aws_refuses(own, current, told, code):
    current.error_code, current.error_facts = code, {"key": CURRENT, "who_reads": own.who_reads}
    for page in (LIST, PAGE):
        assert f"he key {CURRENT} that the connection prod-manager uses" in told(page).replace("AWS refuses t", "T")
        assert "The connection prod-manager uses AKIA…N3HC" in told(page)


def test_a_lost_key_names_the_one_that_the_connection_uses(session, own, told):
    lost = turned.key(session, own, None, KeyState.LOST, intent_at=START - timedelta(hours=1))
    sentence = f"Never delete {CURRENT} , which the connection prod-manager uses."
    assert sentence in told(f"{PAGE}/keys/{lost.id}/clear-up")
    assert sentence in told(PAGE)


def test_a_compromised_key_is_never_cut_off_while_the_connection_asks_with_it(bob_client, session, own, current, told):
    assert "the connection goes on with it" in told(f"{PAGE}/compromised", htmx=True)
    current.leaked_at, current.leaked_by = START, "bob"
    words = told(PAGE)
    assert f"The key that the connection prod-manager uses is compromised: {CURRENT}" in words
    assert "or it would lock itself out" in words
    assert "Deactivate it now" not in words
    assert bob_client.get(f"{PAGE}/cut-off").status_code == 404
    assert bob_client.post(f"{PAGE}/cut-off", data={"key": current.id, "sure": "yes"}).status_code == 404
    session.refresh(current)
    assert not current.ended_by


def test_the_way_back_is_the_connections(own, told):
    assert "The new key is no good: the connection prod-manager uses AKIA…FVKD again" in told(PAGE)
    words = told(f"{PAGE}/undo", htmx=True)
    assert f"The connection prod-manager uses {BEFORE} again." in words


def test_nothing_is_lost_while_nobody_works(own, told):
    own.due_at = START - DAY
    for page in (LIST, PAGE):
        assert "The connection keeps its key." in told(page)


def test_when_it_is_deleted_the_connection_goes_on(own, told):
    words = told(f"{PAGE}/delete", htmx=True)
    assert "The connection prod-manager goes on with the key it has" in words
    assert "The connection keeps working." in words

"""Who still uses the old key, and who is told when nobody does."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from models import AccessKey, KeyState, QuietWish, User
from models.watching.uses import add_use
from models.watching.wishes import fulfil
from tests import turned
from tests.fake_clock import START
from tests.views.setup.filled import text_of

PAGE = "/projects/payments/strategies/1"
DAY = timedelta(days=1)


@pytest.fixture
def billing(session, keyring, payments):
    return turned.strategy(session, keyring, payments, "billing-api")


@pytest.fixture
def old(session, billing) -> AccessKey:
    """The strategy's old key, in its grace."""
    turned.succeeded(session, billing, at=START - 38 * DAY, key_id="AKIAEXAMPLEMW5RXN3HC")
    turned.succeeded(session, billing, at=START - timedelta(hours=2))
    return session.query(AccessKey).filter_by(state=KeyState.RETIRING.value).one()


def told(session, key, service="s3", region="eu-west-1", ago=timedelta(hours=1)):
    add_use(session, key.id, START - ago, service, region, START)
    session.flush()


def person(session, name):
    return session.query(User).filter_by(name=name).one()


class TestPanel:
    def test_lists_what_aws_told_the_newest_first(self, bob_client, session, old):
        told(session, old, "ses", ago=DAY)
        told(session, old)
        words = text_of(bob_client.get(PAGE))
        assert re.search(r"s3 in eu-west-1 1 h ago ses in eu-west-1, before the turn 1 d ago", words)

    def test_draws_a_row_for_each_service_and_region(self, bob_client, session, old):
        for hours in (1, 30, 60):
            told(session, old, ago=timedelta(hours=hours))
        told(session, old, "ses", "us-east-1")
        page = bob_client.get(PAGE).text
        assert 'aria-label="s3 in eu-west-1: told 3 times"' in page
        assert 'aria-label="ses in us-east-1: told once"' in page
        xs = [float(x) for x in re.findall(r'cx="([\d.]+)%" cy="9"', page)]
        assert all(0 <= x <= 100 for x in xs)
        assert len(xs) == 4

    def test_says_which_services_aws_has_seen_on_the_new_key(self, bob_client, session, old):
        told(session, old)
        told(session, old, "ses", "us-east-1")
        current = session.query(AccessKey).filter_by(state=KeyState.ACTIVE.value).one()
        told(session, current)
        words = text_of(bob_client.get(PAGE))
        assert "s3 eu-west-1 new key: seen" in words
        assert "ses us-east-1 new key: not yet" in words

    def test_many_are_counted(self, bob_client, session, old):
        for hours in range(12):
            told(session, old, ago=timedelta(hours=hours))
        assert "and 7 earlier ones" in text_of(bob_client.get(PAGE))

    def test_says_how_late_and_coarse_aws_is(self, bob_client, old):
        words = text_of(bob_client.get(PAGE))
        assert "at times hours late, and of several within 15 minutes the first" in words
        assert "daily try of a current key shows as sts" in words


class TestWish:
    def tell(self, client, key, wish="yes", **more):
        return client.post(f"{PAGE}/old-key/tell", data={"key": key.id, "wish": wish}, **more)

    def test_is_marked_and_taken_back(self, bob_client, session, old):
        answer = self.tell(bob_client, old)
        assert (answer.status_code, answer.location) == (303, f"{PAGE}#old-key")
        assert session.query(QuietWish).one().user_id == person(session, "bob").id
        card = self.tell(bob_client, old, "no", htmx=True).text
        assert "Tell me when it goes quiet" in card
        assert not session.query(QuietWish).count()

    def test_twice_is_once(self, bob_client, session, old):
        self.tell(bob_client, old)
        card = self.tell(bob_client, old, htmx=True).text
        assert "Don’t tell me" in card  # noqa: RUF001 - as the page has it
        assert session.query(QuietWish).count() == 1

    def test_not_for_another_key(self, bob_client, session, old):
        answer = bob_client.post(f"{PAGE}/old-key/tell", data={"key": "other", "wish": "yes"})
        assert answer.status_code == 404
        assert not session.query(QuietWish).count()

    def test_a_stranger_has_none(self, charlie_client, session, old):
        assert self.tell(charlie_client, old).status_code == 404

    def test_without_an_old_key_there_is_none(self, bob_client, billing):
        answer = bob_client.post(f"{PAGE}/old-key/tell", data={"key": "x", "wish": "yes"})
        assert answer.status_code == 404


class TestNotice:
    @pytest.fixture
    def quiet(self, bob_client, session, old):
        """Bob wished to be told, and AWS has told of no use for long."""
        bob_client.post(f"{PAGE}/old-key/tell", data={"key": old.id, "wish": "yes"})
        fulfil(session, old.id, START - 2 * DAY, START)
        session.commit()
        return old

    @pytest.mark.parametrize("page", [PAGE, "/projects/payments/connections", "/"])
    def test_is_on_every_page(self, bob_client, quiet, page):
        words = text_of(bob_client.get(page))
        assert "The old key of billing-api has gone quiet." in words
        assert "AWS told of no use of AKIAEXAMPLEMW5RXN3HC since" in words

    def test_is_on_the_row(self, bob_client, quiet):
        row = bob_client.get(f"{PAGE}/row", htmx=True).text
        assert "has gone quiet</a>" in row

    def test_is_for_that_person_alone(self, alice_client, quiet):
        assert "gone quiet" not in alice_client.get(PAGE).text

    def test_dismissed_it_goes(self, bob_client, session, quiet):
        answer = bob_client.post(f"{PAGE}/quiet/{quiet.id}/dismiss", htmx=True)
        assert (answer.status_code, answer.text) == (200, "")
        assert "gone quiet" not in bob_client.get(PAGE).text

    def test_dismissed_without_javascript(self, bob_client, quiet):
        answer = bob_client.post(f"{PAGE}/quiet/{quiet.id}/dismiss")
        assert (answer.status_code, answer.location) == (303, PAGE)

    def test_nobody_dismisses_anothers(self, alice_client, bob_client, session, quiet):
        alice_client.post(f"{PAGE}/quiet/{quiet.id}/dismiss")
        assert session.query(QuietWish).count() == 1

    def test_not_to_who_may_not_enter_any_more(self, bob_client, session, payments, quiet):
        from models import ProjectMember

        bob = person(session, "bob")
        session.query(ProjectMember).filter_by(user_id=bob.id, project_id=payments.id).delete()
        session.commit()
        assert "gone quiet" not in bob_client.get("/").text

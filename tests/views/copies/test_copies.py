"""Copies on their pages: begun, changed, made now, stopped; and what the strategy's page and row say of them."""

from __future__ import annotations

import pytest

from models import AuditEntry, Copy, HandedKey, KeyState
from models.audit import Action
from tests import turned
from tests.api import programs
from tests.fake_clock import START
from tests.views.copies.conftest import LIST

NAMES = {"access_key_id": "KEY_ID", "secret_access_key": "KEY_SECRET", "smtp_user_name": "", "smtp_password": ""}


def one(session) -> Copy:
    session.expire_all()
    return session.query(Copy).one()


def actions(session) -> list[str]:
    return [each.action for each in session.query(AuditEntry).order_by(AuditEntry.id) if "copy" in each.action]


class TestAdd:
    def test_of_a_strategy(self, bob_client, session, destination, strategy):
        page = bob_client.get(f"{LIST}/add?strategy={strategy.id}&destination={destination.id}").text
        assert "shop, Shelf" in page
        assert "billing-api, production:/billing-api" in page
        data = {"destination": destination.id, "strategy": strategy.id, **NAMES}
        answer = bob_client.post(f"{LIST}/add", data=data)
        assert answer.headers["Location"] == f"{LIST}/{destination.id}"
        made = one(session)
        assert (made.strategy_id, made.names) == (
            strategy.id, {"access_key_id": "KEY_ID", "secret_access_key": "KEY_SECRET"},
        )  # fmt: skip
        assert made.next_at is not None
        assert actions(session) == [Action.COPY_CREATE.value]
        assert "the key of billing-api" in bob_client.get("/projects/payments/audit").text

    def test_of_a_path(self, bob_client, session, destination, strategy):
        place = strategy.access_key_secret
        assert "This path alone" in bob_client.get(f"{LIST}/add?of=path").text
        data = {
            "destination": destination.id,
            "environment": place.environment_id,
            "path": "billing-api/",
            "prefix": "B_",
        }
        bob_client.post(f"{LIST}/add?of=path", data=data)
        made = one(session)
        assert (made.environment_id, made.path, made.prefix) == (place.environment_id, "/billing-api", "B_")
        assert "with <code>B_</code> before" in bob_client.get(f"{LIST}/{destination.id}").text

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"access_key_id": ""}, "both of the pair are copied"),
            ({"secret_access_key": "KEY_ID"}, "Give each its own name."),
            ({"access_key_id": "KEY ID"}, "Leave out the blank."),
            ({"strategy": "99"}, "alid choice"),
            ({"destination": "nowhere"}, "alid choice"),
        ],
    )
    def test_bad_input_of_a_strategy(self, bob_client, session, destination, strategy, changed, said):
        data = {"destination": destination.id, "strategy": strategy.id, **NAMES, **changed}
        answer = bob_client.post(f"{LIST}/add", data=data)
        assert answer.status_code == 422
        assert said in answer.text
        assert not session.query(Copy).count()

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"path": "/a b"}, "path"),
            ({"prefix": "a b"}, "Leave out the blank."),
            ({"prefix": "x" * 129}, "At most 128"),
        ],
    )
    def test_bad_input_of_a_path(self, bob_client, session, destination, strategy, changed, said):
        environment = strategy.access_key_secret.environment_id
        data = {"destination": destination.id, "environment": environment, "path": "/", "prefix": "", **changed}
        answer = bob_client.post(f"{LIST}/add?of=path", data=data)
        assert answer.status_code == 422
        assert said in answer.text
        assert not session.query(Copy).count()

    def test_twice(self, bob_client, session, copy, destination, strategy):
        answer = bob_client.post(f"{LIST}/add", data={"destination": destination.id, "strategy": strategy.id, **NAMES})
        assert answer.status_code == 422
        assert "It is copied there already" in answer.text

    def test_without_a_destination_one_is_added_first(self, bob_client, payments):
        assert "Add a destination" in bob_client.get(f"{LIST}/add").text

    def test_without_a_strategy(self, bob_client, destination):
        assert "No strategy writes secrets in this project yet" in bob_client.get(f"{LIST}/add").text


class TestChange:
    def test_other_names(self, bob_client, session, copy, destination):
        page = bob_client.get(f"{LIST}/of/{copy.id}/edit").text
        assert "AWS_ACCESS_KEY_ID" in page
        wanted = copy.wanted
        answer = bob_client.post(f"{LIST}/of/{copy.id}/edit", data=NAMES)
        assert answer.headers["Location"] == f"{LIST}/{destination.id}"
        assert one(session).names["access_key_id"] == "KEY_ID"
        assert one(session).wanted == wanted + 1
        assert actions(session) == [Action.COPY_CHANGE.value]

    def test_bad_names(self, bob_client, session, copy):
        answer = bob_client.post(f"{LIST}/of/{copy.id}/edit", data={**NAMES, "access_key_id": "KEY ID"})
        assert answer.status_code == 422
        assert "Leave out the blank." in answer.text
        assert one(session).names["access_key_id"] == "AWS_ACCESS_KEY_ID"

    def test_of_another_project(self, bob_client, copy, other_project):
        base = f"/projects/{other_project.name}/copies/of/{copy.id}"
        for path in ("edit", "remove"):
            assert bob_client.get(f"{base}/{path}").status_code == 404
            assert bob_client.post(f"{base}/{path}").status_code == 404
        assert bob_client.post(f"{base}/now").status_code == 404


def test_copy_now(bob_client, session, copy, destination, strategy):
    copy.confirmed, copy.next_at, copy.written = copy.wanted, None, {"AWS_ACCESS_KEY_ID": "an earlier version"}
    session.commit()
    answer = bob_client.post(f"{LIST}/of/{copy.id}/now")
    assert answer.headers["Location"] == f"{LIST}/{destination.id}"
    assert one(session).is_behind
    assert one(session).written == {}
    answer = bob_client.post(f"{LIST}/of/{copy.id}/now", data={"back": strategy.id})
    assert answer.headers["Location"] == f"/projects/payments/strategies/{strategy.id}#copies"


class TestStop:
    def test_and_leave_everything_there(self, bob_client, session, copy, destination):
        assert "Stop copying to shop?" in bob_client.get(f"{LIST}/of/{copy.id}/remove").text
        bob_client.post(f"{LIST}/of/{copy.id}/remove", data={"there": "keep"})
        assert not session.query(Copy).count()
        assert actions(session) == [Action.COPY_DELETE.value]

    def test_and_delete_what_keyturn_made(self, bob_client, session, copy):
        copy.made = ["AWS_ACCESS_KEY_ID"]
        session.commit()
        assert "1 name: AWS_ACCESS_KEY_ID" in bob_client.get(f"{LIST}/of/{copy.id}/remove").text
        bob_client.post(f"{LIST}/of/{copy.id}/remove", data={"there": "delete"})
        left = one(session)
        assert left.removing_at is not None
        assert not left.is_behind
        assert "Being removed" in bob_client.get(LIST).text

    def test_an_old_key_that_waited_for_it_is_looked_at(self, bob_client, session, copy, strategy, clock):
        key = turned.key(session, strategy, None, KeyState.RETIRING)
        key.error_code, key.look_at = "copy_behind", None
        session.commit()
        bob_client.post(f"{LIST}/of/{copy.id}/remove", data={"there": "keep"})
        session.refresh(key)
        assert key.look_at == clock.now()


class TestStanding:
    def fail(self, session, copy):
        copy.why, copy.said, copy.failing_since = "refused", "Bad credentials", copy.next_at
        session.commit()

    def test_it_asks_for_itself_while_it_waits(self, bob_client, session, copy, destination):
        assert f'hx-get="{LIST}/{destination.id}/state"' in bob_client.get(f"{LIST}/{destination.id}").text
        assert "On its way" in bob_client.get(f"{LIST}/{destination.id}/state").text
        copy.confirmed = copy.wanted
        session.commit()
        page = bob_client.get(f"{LIST}/{destination.id}/state").text
        assert "Up to date" in page
        assert "hx-get" not in page.split("<table")[0]

    def test_a_failure_is_told_everywhere(self, bob_client, session, copy, destination, strategy):
        self.fail(session, copy)
        page = bob_client.get(f"{LIST}/{destination.id}").text
        assert all(
            words in page for words in ("Credential refused", "Bad credentials", "Make a new one there", "Try now")
        )
        page = bob_client.get(f"/projects/payments/strategies/{strategy.id}").text
        assert "Copy fails" in page
        assert "1 copy doesn" in page
        page = bob_client.get("/projects/payments/strategies").text
        assert "Copy fails" in page
        assert "in shop" in page
        assert "1 needs attention" in page
        assert "Credential refused" in bob_client.get(LIST).text

    def test_a_failing_copy_of_the_path_is_told_too(self, bob_client, session, copy, strategy):
        place = strategy.access_key_secret
        copy.strategy_id, copy.environment_id, copy.path = None, place.environment_id, place.path
        self.fail(session, copy)
        assert "Copy fails" in bob_client.get("/projects/payments/strategies").text

    def test_the_strategys_page_asks_for_itself_too(self, bob_client, session, copy, strategy):
        url = f"{LIST}/of-strategy/{strategy.id}"
        assert f'hx-get="{url}"' in bob_client.get(f"/projects/payments/strategies/{strategy.id}").text
        assert "On its way" in bob_client.get(url).text

    def test_nothing_is_copied(self, bob_client, strategy):
        page = bob_client.get(f"/projects/payments/strategies/{strategy.id}").text
        assert "No other store holds this key" in page


class TestRetireNow:
    def test_asks_twice_while_a_copy_is_behind(self, bob_client, session, copy, strategy):
        turned.key(session, strategy, None, KeyState.ACTIVE)
        old = turned.key(session, strategy, None, KeyState.RETIRING)
        session.commit()
        url = f"/projects/payments/strategies/{strategy.id}/old-key/end"
        page = bob_client.get(url).text
        assert "have the new key yet" in page
        answer = bob_client.post(url, data={"key": old.id, "sure": "yes"})
        assert answer.status_code == 422
        assert "Tick this too." in answer.text
        assert bob_client.post(url, data={"key": old.id, "sure": "yes", "readers": "yes"}).status_code == 303

    def test_is_calm_once_all_have_moved(self, bob_client, session, copy, strategy):
        turned.key(session, strategy, None, KeyState.ACTIVE)
        old = turned.key(session, strategy, None, KeyState.RETIRING)
        copy.confirmed = copy.wanted
        session.commit()
        url = f"/projects/payments/strategies/{strategy.id}/old-key/end"
        assert "have the new key yet" not in bob_client.get(url).text
        assert bob_client.post(url, data={"key": old.id, "sure": "yes"}).status_code == 303


def test_deleting_the_strategy_says_who_has_its_key(bob_client, session, copy, strategy):
    key = turned.key(session, strategy, None, KeyState.ACTIVE)
    token, _ = programs.token(session, strategy, name="billing")
    session.add(HandedKey(token_id=token.id, key_id=key.id, at=START, until=START, as_session=False))
    session.commit()
    page = bob_client.get(f"/projects/payments/strategies/{strategy.id}/delete").text
    assert "Nothing is copied to" in page
    assert ">billing, shop</span> had the key from here" in page

"""A program looks at the strategies that its token names, at their keys and connections."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from models import KeyState, ServiceToken
from tests import turned
from tests.api import programs
from tests.api.programs import call, refused
from tests.fake_clock import START
from tests.sql_count import statements

DAY = timedelta(days=1)


class TestList:
    def test_tells_state_and_next_time(self, client, session, billing, text):
        turned.succeeded(session, billing, at=START - DAY, key_id="AKIAEXAMPLE000000007")
        (told,) = call(client, "GET", "/strategies", text).json["strategies"]
        assert told == {
            "id": billing.id, "user_name": "billing-api", "account_id": turned.ACCOUNT, "environment": "production",
            "path": "/billing-api", "connection": "prod-manager", "state": "ok", "says": "Up to date",
            "secrets": {"access_key_id": "AWS_ACCESS_KEY", "secret_access_key": "AWS_SECRET_ACCESS_KEY"},
            "failure": None, "access_key_id": "AKIAEXAMPLE000000007",
            "next_at": f"{START + 30 * DAY:%Y-%m-%dT%H:%M:%SZ}",
            "interval_s": 30 * 86_400, "cron": None, "time_zone": "UTC", "rotation_id": told["rotation_id"],
            "rotation_state": "succeeded", "hands_out": "session", "may_fetch": True, "may_rotate": True,
        }  # fmt: skip

    def test_tells_of_a_failure(self, client, session, billing, text):
        turned.failed(session, billing, "throttled")
        told = call(client, "GET", f"/strategies/{billing.id}", text).json
        assert (told["state"], told["failure"]["code"]) == ("attention", "throttled")
        assert told["failure"]["what_to_do"]

    def test_has_those_that_the_token_names_and_reaches(self, client, session, billing, other, theirs):
        _, both = programs.token(session, billing, other)
        _, one = programs.token(session, billing, other, name="one", path="/log-shipper")
        named = [
            [each["user_name"] for each in call(client, "GET", "/strategies", text).json["strategies"]]
            for text in (both, one)
        ]
        assert named == [["billing-api", "log-shipper"], ["log-shipper"]]

    def test_comes_in_pages(self, client, session, keyring, payments):
        made = [turned.strategy(session, keyring, payments, f"user-{number}") for number in range(5)]
        _, text = programs.token(session, *made)
        seen, cursor, pages = [], "", 0
        while cursor is not None:
            page = call(client, "GET", f"/strategies?limit=2&cursor={cursor}", text).json
            seen += [each["id"] for each in page["strategies"]]
            cursor, pages = page["next_cursor"], pages + 1
        assert seen == [each.id for each in made]
        assert pages == 3

    def test_is_304_until_something_changes(self, client, session, billing, text):
        etag = call(client, "GET", "/strategies", text).headers["ETag"]
        assert call(client, "GET", "/strategies", text, If_None_Match=etag).status_code == 304
        turned.failed(session, billing, "throttled")
        assert call(client, "GET", "/strategies", text, If_None_Match=etag).status_code == 200

    def test_takes_as_many_statements_for_many(self, app, client, session, keyring, payments):
        made = [turned.strategy(session, keyring, payments, f"user-{number}") for number in range(80)]
        for each in made:
            turned.succeeded(session, each)
        few, many = (programs.token(session, *made[:number], name=f"of-{number}")[1] for number in (10, 80))
        for address in ("/strategies", "/keys", "/connections", "/audit"):
            counts = []
            for text in (few, many):
                call(client, "GET", address, text)
                asking = partial(call, client, "GET", f"{address}?limit=1000", text)
                counts.append(len(statements(app, asking)))
            assert counts[0] == counts[1], address


class TestOne:
    def test_others_are_refused_alike(self, client, session, billing, other, theirs, text):
        numbers = (other.id, theirs.id, 999_999, 2**31, 2**70)
        answers = [call(client, "GET", f"/strategies/{number}", text) for number in numbers]
        assert all(map(refused, answers))
        assert len({answer.data for answer in answers}) == 1
        assert session.query(ServiceToken).one().refusals == len(numbers)

    def test_wrong_method(self, client, billing, text):
        response = call(client, "PUT", f"/strategies/{billing.id}", text)
        assert (response.status_code, response.json["code"]) == (405, "wrong-method")
        assert "GET" in response.headers["Allow"]

    def test_no_number(self, client, text):
        response = call(client, "GET", "/strategies/first", text)
        assert (response.status_code, response.json["code"]) == (404, "no-such-address")


class TestKeys:
    def test_have_their_states_and_never_their_secrets(self, client, session, billing, text):
        turned.succeeded(session, billing, at=START - 2 * DAY, key_id="AKIAEXAMPLE000000001")
        turned.succeeded(session, billing, at=START - DAY, key_id="AKIAEXAMPLE000000002")
        told = call(client, "GET", "/keys", text).json["keys"]
        assert [(each["access_key_id"], each["state"]) for each in told] == [
            ("AKIAEXAMPLE000000002", KeyState.ACTIVE.value), ("AKIAEXAMPLE000000001", KeyState.RETIRING.value),
        ]  # fmt: skip
        assert not [name for name in told[0] if "secret" in name]

    def test_of_one_strategy(self, client, session, billing, other):
        _, text = programs.token(session, billing, other)
        for each in (billing, other):
            turned.succeeded(session, each)
        (told,) = call(client, "GET", f"/keys?strategy={other.id}", text).json["keys"]
        assert told["strategy_id"] == other.id

    def test_come_in_pages_though_asked_for_at_one_moment(self, client, session, billing, text):
        for number in range(5):
            turned.key(session, billing, None, KeyState.DELETED, f"AKIAEXAMPLE00000010{number}", intent_at=START)
        seen, cursor = [], ""
        while cursor is not None:
            page = call(client, "GET", f"/keys?limit=2&cursor={cursor}", text).json
            seen += [each["access_key_id"] for each in page["keys"]]
            cursor = page["next_cursor"]
        assert len(seen) == len(set(seen)) == 5

    def test_of_others_are_refused(self, client, session, other, theirs, text):
        turned.succeeded(session, theirs)
        assert call(client, "GET", "/keys", text).json["keys"] == []
        assert refused(call(client, "GET", f"/keys?strategy={other.id}", text))

    @pytest.mark.parametrize(
        ("query", "field"),
        [("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("strategy=x", "strategy"),
         ("strategy=99999999999", "strategy"), ("cursor=x", "cursor"), ("cursor=W10", "cursor"),
         ("cursor=WzFd", "cursor"),
         ("cursor=WyJub3ciLCAiYSJd", "cursor"), ("cursor=W1tbW1tbW1tb", "cursor")],
    )  # fmt: skip
    def test_bad_input(self, client, text, query, field):
        response = call(client, "GET", f"/keys?{query}", text)
        assert (response.status_code, response.json["code"], list(response.json["errors"])) == (422, "invalid", [field])


class TestConnections:
    def test_have_no_secrets(self, client, session, billing, text):
        (told,) = call(client, "GET", "/connections", text).json["connections"]
        assert (told["name"], told["kind"], told["access_key_id"]) == ("prod-manager", "key", "AKIAEXAMPLEMANAGER01")
        assert "the manager's secret" not in str(told)
        assert not [name for name in told if "secret" in name]

    def test_are_those_of_the_tokens_strategies(self, client, session, keyring, payments, billing, theirs, text):
        turned.connection(session, keyring, payments, "unused")
        assert [each["name"] for each in call(client, "GET", "/connections", text).json["connections"]] == [
            "prod-manager"
        ]


@pytest.mark.parametrize("address", ["/strategies", "/strategies/1", "/keys", "/connections", "/audit", "/rotations/1"])
def test_a_stranger(client, session, billing, address):
    turned.succeeded(session, billing)
    _, gone = programs.everything(session, billing, revoked_at=START)
    assert refused(call(client, "GET", address, gone))
    assert refused(call(client, "GET", address, "kt_nobody"))


def test_a_token_that_names_no_strategy_sees_none(client, session, payments, billing):
    turned.succeeded(session, billing)
    _, text = programs.reader(session, payments)
    for address, name in (("strategies", "strategies"), ("keys", "keys"), ("connections", "connections")):
        assert call(client, "GET", f"/{address}", text).json[name] == []
    assert refused(call(client, "GET", f"/strategies/{billing.id}", text))

"""A program starts rotations, and watches them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import AuditEntry, Rotation, State, StepName, Trigger
from models.rotation import STEPS, Purpose
from tests import turned
from tests.api import programs
from tests.api.programs import call, refused
from tests.fake_clock import START
from tests.sql_count import statements

DAY = timedelta(days=1)


def start(client, strategy, text, json=None, **headers):
    number = getattr(strategy, "id", strategy)
    return call(client, "POST", f"/strategies/{number}/rotations", text, json=json, **headers)


class TestStart:
    def test_queues_one_and_says_where(self, client, session, billing, text):
        response = start(client, billing, text)
        made = session.query(Rotation).one()
        assert (response.status_code, response.headers["Location"]) == (202, f"/api/v1/rotations/{made.id}")
        assert (response.json["id"], response.json["state"], response.json["ended_at"]) == (made.id, "queued", None)
        assert [(each["name"], each["state"]) for each in response.json["steps"]][:2] == [
            ("claim", "to-come"), ("make-room", "to-come"),
        ]  # fmt: skip
        assert (made.trigger, made.requested_by, made.end_old_key) == (Trigger.API.value, "token:billing", False)
        (entry,) = session.query(AuditEntry)
        assert (entry.actor, entry.action, entry.address) == ("token:billing", "rotation.request", "127.0.0.1")

    def test_answers_the_one_that_runs(self, client, session, billing, text):
        first, second = start(client, billing, text), start(client, billing, text)
        assert (second.status_code, second.json["id"]) == (202, first.json["id"])
        assert session.query(Rotation).count() == 1

    def test_takes_the_right_to_rotate(self, client, session, billing):
        _, text = programs.token(session, billing, reads_secrets=True, writes_secrets=True)
        assert refused(start(client, billing, text))
        assert not session.query(Rotation).count()

    def test_the_right_to_rotate_is_enough(self, client, session, billing):
        token, text = programs.everything(session, billing, reads_secrets=False, writes_secrets=False)
        token.named[0].fetches = False
        assert start(client, billing, text).status_code == 202
        assert refused(programs.ask(client, billing, text)), "it fetches no credentials"

    def test_not_where_the_token_does_not_reach(self, client, session, billing, other, theirs, text):
        _, elsewhere = programs.everything(session, billing, name="elsewhere", path="/log-shipper")
        assert refused(start(client, billing, elsewhere))
        for strategy in (other, theirs, 999_999):
            assert refused(start(client, strategy, text))
        assert not session.query(Rotation).count()

    def test_while_the_old_key_is_there_it_asks_if_so_told(self, client, session, billing, text):
        for days in (2, 1):
            turned.succeeded(session, billing, at=START - timedelta(hours=days))
        asked = start(client, billing, text, {"old_key": "ask"})
        assert (asked.status_code, asked.json["code"]) == (409, "old-key-in-grace")
        assert start(client, billing, text).status_code == 202

    def test_not_of_a_strategy_that_is_being_deleted(self, client, session, billing, text):
        billing.deleting_at = START
        response = start(client, billing, text)
        assert (response.status_code, response.json["code"]) == (409, "being-deleted")

    @pytest.mark.parametrize("body", [{"old_key": "end"}, {"old_key": 1}, {"more": "x"}, [], "wait", 7, None])
    def test_bad_input(self, client, session, billing, text, body):
        headers = {"Authorization": f"Bearer {text}", "Content-Type": "application/json"}
        from json import dumps

        address = f"/api/v1/strategies/{billing.id}/rotations"
        response = client.post(address, data=dumps(body), headers=headers, csrf=False)
        assert (response.status_code, response.json["code"]) == (422, "invalid")
        assert not session.query(Rotation).count()

    def test_no_cookie_starts_one(self, bob_client, session, billing):
        response = bob_client.post(f"/api/v1/strategies/{billing.id}/rotations")
        assert refused(response)
        assert not session.query(Rotation).count()


class TestWatch:
    def test_has_its_steps(self, client, session, billing, text):
        rotation = turned.succeeded(session, billing, key_id="AKIAEXAMPLE000000007")
        told = call(client, "GET", f"/rotations/{rotation.id}", text).json
        assert (told["state"], told["access_key_id"]) == ("succeeded", "AKIAEXAMPLE000000007")
        assert [(step["name"], step["state"]) for step in told["steps"]] == [
            (name.value, "done") for name in STEPS[Purpose.TURN]
        ]  # fmt: skip
        assert told["steps"][3]["calls"][0]["action"] == "sts:GetCallerIdentity"

    def test_tells_of_what_runs_and_waits(self, client, session, billing, text):
        until = START + timedelta(minutes=1)
        rotation = turned.rotation(
            session, billing, state=State.VERIFYING.value, wait_until=until, wait_code="throttled"
        )
        turned.steps(session, rotation, StepName.VERIFY, ends="runs")
        told = call(client, "GET", f"/rotations/{rotation.id}", text).json
        assert (told["waits_for"], told["waits_until"]) == ("throttled", f"{until:%Y-%m-%dT%H:%M:%SZ}")
        assert [step["state"] for step in told["steps"]] == ["done", "done", "done", "waiting", "to-come"]

    def test_tells_why_it_failed(self, client, session, billing, text):
        rotation = turned.failed(session, billing, "throttled")
        told = call(client, "GET", f"/rotations/{rotation.id}", text).json
        assert (told["state"], told["failure"]["code"]) == ("failed", "throttled")

    def test_is_304_until_something_changes(self, client, session, billing, text):
        rotation = turned.rotation(session, billing)
        address = f"/rotations/{rotation.id}"
        etag = call(client, "GET", address, text).headers["ETag"]
        assert call(client, "GET", address, text, If_None_Match=etag).status_code == 304
        turned.steps(session, rotation, StepName.CLAIM, ends="runs")
        assert call(client, "GET", address, text, If_None_Match=etag).status_code == 200

    def test_others_are_refused(self, client, session, other, theirs, text):
        hidden = [turned.rotation(session, each).id for each in (other, theirs)]
        assert all(refused(call(client, "GET", f"/rotations/{number}", text)) for number in (*hidden, 999_999, 2**40))

    def test_wrong_method(self, client, session, billing, text):
        rotation = turned.rotation(session, billing)
        assert call(client, "DELETE", f"/rotations/{rotation.id}", text).status_code == 405


class TestList:
    def test_is_newest_first_in_pages(self, client, session, billing, text):
        made = [turned.failed(session, billing, "throttled").id for _ in range(5)]
        seen, cursor = [], ""
        while cursor is not None:
            page = call(client, "GET", f"/strategies/{billing.id}/rotations?limit=2&cursor={cursor}", text).json
            seen += [each["id"] for each in page["rotations"]]
            cursor = page["next_cursor"]
        assert seen == made[::-1]

    def test_others_are_refused(self, client, other, text):
        assert refused(call(client, "GET", f"/strategies/{other.id}/rotations", text))

    def test_takes_as_many_statements_for_many(self, app, client, session, billing, text):
        address = f"/strategies/{billing.id}/rotations?limit=1000"
        counts = []
        call(client, "GET", address, text)
        for number in (10, 300):
            for _ in range(number):
                turned.failed(session, billing, "throttled")
            session.commit()
            counts.append(len(statements(app, lambda: call(client, "GET", address, text))))
        assert counts[0] == counts[1]

"""`?wait=`: a read is held until something changes, by what stands before the app in a web process."""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from flask import Flask, Response, current_app, stream_with_context
from granian.rsgi import ProtocolClosed

from api.waiting import Wait
from database import db
from models import Action, Rotation, StepName
from models.audit import record
from models.secret import write_secret
from supervisor.front import Front
from supervisor.front.changes import Changes
from supervisor.front.rsgi import environ_of
from supervisor.front.waiting import Waiting
from tests import turned
from tests.api import programs
from tests.fake_clock import START

SOON_S = 20


class Proto:
    """granian's end of a request: keeps what was answered."""

    def __init__(self, body=b"", gone_after=1000):
        self._parts = [body[at : at + 1000] for at in range(0, len(body), 1000)]
        self.answer, self.sent, self.parts, self.gone_after = None, b"", 0, gone_after

    def __aiter__(self):
        return self._read()

    async def _read(self):
        for part in self._parts:
            yield part

    def response_bytes(self, status, headers, body):
        self.answer, self.sent = (status, dict(headers)), body

    def response_stream(self, status, headers):
        self.answer = status, dict(headers)
        return self

    async def send_bytes(self, data):
        self.sent, self.parts = self.sent + data, self.parts + 1
        if self.parts >= self.gone_after:
            raise ProtocolClosed


def scope_of(path, **facts):
    """A request as granian tells of it."""
    values = {
        "proto": "http", "http_version": "1.1", "server": "127.0.0.1:8000", "client": "127.0.0.1:5000",
        "scheme": "http", "method": "GET", "query_string": "", "authority": None, "headers": {}, **facts,
    }  # fmt: skip
    return SimpleNamespace(path=path, **values)


class Served:
    """The app behind its front, in this process."""

    def __init__(self, app):
        with app.app_context():
            self.waiting = Waiting(Changes(db.engine).look)
        self.asked = []
        self.front = Front(self._count(app), self.waiting, 4, 10_000)

    def _count(self, app):
        def counting(environ, start):
            self.asked.append(environ["PATH_INFO"])
            return app(environ, start)

        return counting

    async def ask(self, address, text, method="GET", body=b"", **headers):
        path, _, query = address.partition("?")
        sent = {"host": "localhost", "authorization": f"Bearer {text}", **headers}
        scope = scope_of(path, method=method, query_string=query, headers=sent)
        proto = Proto(body)
        await self.front.__rsgi__(scope, proto)
        return proto

    async def until_held(self, number=1):
        until = time.monotonic() + SOON_S
        while self.waiting.count < number or not self.waiting.seen:
            assert time.monotonic() < until
            await asyncio.sleep(0.01)


@pytest.fixture
def served(app):
    return Served(app)


@pytest.fixture
def secret(add, session):
    made = add("NAME")
    session.flush()
    return made


@pytest.fixture
def text(session, payments, billing):
    return programs.everything(session, billing)[1]


def change(session, keyring, payments, secret):
    key = payments.sealing_key(keyring)
    write_secret(session, key, secret, b"new", now=START, author="bob", reason="edited")
    note(session, payments, Action.SECRET_CHANGE)


def note(session, payments, action):
    record(session, at=START, actor="bob", action=action, thing="production:/ NAME", project_id=payments.id)
    session.commit()


def in_a_thread(coroutine):
    """A browser's test before this one may have left a loop running in the main thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def run(doing):
    in_a_thread(asyncio.wait_for(doing(), SOON_S))


SECRETS = "/api/v1/secrets?path=/&wait=30"


async def etag_of(served, address, text):
    return (await served.ask(address, text)).answer[1]["ETag"]


class TestSecrets:
    def test_are_held_until_one_changes(self, served, session, keyring, payments, secret, text):
        session.commit()

        async def doing():
            etag = await etag_of(served, SECRETS, text)
            held = asyncio.create_task(served.ask(SECRETS, text, **{"if-none-match": etag}))
            await served.until_held()
            change(session, keyring, payments, secret)
            answer = await held
            assert answer.answer[0] == 200
            assert json.loads(answer.sent)["secrets"][0]["value"] == "new"
            assert answer.answer[1]["ETag"] != etag

        run(doing)

    def test_are_304_when_the_time_is_over(self, served, session, secret, text):
        session.commit()

        async def doing():
            address = "/api/v1/secrets?path=/&wait=1"
            etag = await etag_of(served, address, text)
            began = time.monotonic()
            answer = await served.ask(address, text, **{"if-none-match": etag})
            assert (answer.answer[0], answer.sent) == (304, b"")
            assert time.monotonic() - began >= 1

        run(doing)

    def test_that_are_new_come_at_once(self, served, session, secret, text):
        session.commit()

        async def doing():
            for headers in ({}, {"if-none-match": '"another"'}):
                assert (await served.ask(SECRETS, text, **headers)).answer[0] == 200
            assert not served.waiting.count

        run(doing)

    def test_a_change_that_comes_before_the_wait_begins_is_not_missed(
        self, served, session, keyring, payments, secret, text
    ):
        session.commit()

        async def doing():
            etag = await etag_of(served, SECRETS, text)
            hold = served.waiting.hold

            async def late(*arguments):
                change(session, keyring, payments, secret)
                return await hold(*arguments)

            served.waiting.hold = late
            assert (await served.ask(SECRETS, text, **{"if-none-match": etag})).answer[0] == 200

        run(doing)

    def test_a_token_that_is_revoked_meanwhile_is_refused(self, served, session, payments, billing, secret):
        token, text = programs.everything(session, billing)
        session.commit()

        async def doing():
            etag = await etag_of(served, SECRETS, text)
            held = asyncio.create_task(served.ask(SECRETS, text, **{"if-none-match": etag}))
            await served.until_held()
            token.revoked_at = START
            note(session, payments, Action.TOKEN_REVOKE)
            assert (await held).answer[0] == 401

        run(doing)

    def test_who_is_refused_is_not_held(self, served, session, secret):
        session.commit()
        run(partial(served.ask, SECRETS, "kt_nobody", **{"if-none-match": "x"}))
        assert served.asked == ["/api/v1/secrets"]

    def test_many_of_one_program_are_asked_once(self, served, session, keyring, payments, secret, text):
        session.commit()

        async def doing():
            etag = await etag_of(served, SECRETS, text)
            held = [asyncio.create_task(served.ask(SECRETS, text, **{"if-none-match": etag})) for _ in range(50)]
            await served.until_held(50)
            before = len(served.asked)
            note(session, payments, Action.SECRET_REVEAL)
            await asyncio.sleep(0.5)
            assert len(served.asked) == before, "looking changes nothing"
            change(session, keyring, payments, secret)
            assert {answer.answer[0] for answer in await asyncio.gather(*held)} == {200}
            assert len(served.asked) == before + 1

        run(doing)


class TestRotation:
    def test_is_held_until_its_next_step(self, served, session, billing, text):
        rotation = turned.rotation(session, billing)
        session.commit()
        address = f"/api/v1/rotations/{rotation.id}?wait=30"

        async def doing():
            etag = await etag_of(served, address, text)
            held = asyncio.create_task(served.ask(address, text, **{"if-none-match": etag}))
            await served.until_held()
            session.commit()
            session.query(Rotation).update({"lease_until": START + timedelta(minutes=1)})
            turned.steps(session, rotation, StepName.CLAIM, ends="runs")
            session.commit()
            answer = await held
            assert json.loads(answer.sent)["steps"][0]["state"] == "running"

        run(doing)


@pytest.mark.parametrize("wait", ["31", "-1", "x"])
def test_bad_input(client, text, wait):
    for address in ("/secrets", "/rotations/1"):
        response = programs.call(client, "GET", f"{address}?wait={wait}", text)
        assert (response.status_code, list(response.json["errors"])) == (422, ["wait"])


def test_where_nothing_can_hold_it_the_answer_comes_at_once(client, secret, text):
    etag = programs.read(client, text).headers["ETag"]
    assert programs.read(client, text, "?wait=30", **{"If-None-Match": etag}).status_code == 304


class TestFront:
    def test_hands_on_a_body(self, served, session, text):
        session.commit()
        body = json.dumps({"name": "A", "value": "x" * 3000}).encode()
        sent = {"content-type": "application/json", "content-length": str(len(body))}

        async def doing():
            answer = await served.ask("/api/v1/secrets", text, "POST", body, **sent)
            assert answer.answer[0] == 201

        run(doing)

    def test_reads_no_more_of_a_body_than_the_app_takes(self, served, session, text):
        session.commit()
        sent = {"content-type": "application/json", "content-length": "2000000"}

        async def doing():
            answer = await served.ask("/api/v1/secrets", text, "POST", b"x" * 2_000_000, **sent)
            assert (answer.answer[0], json.loads(answer.sent)["code"]) == (413, "too-large")

        run(doing)

    def test_streams_what_is_long_in_one_thread(self):
        app, closed = Flask("long"), []

        @app.get("/long")
        def long():
            def parts():
                try:
                    for _ in range(1000):
                        yield current_app.name * 300
                finally:
                    closed.append(current_app.name)

            return Response(stream_with_context(parts()))

        front, proto = Front(app, Waiting(lambda _waited: set()), 3, 1000), Proto()
        in_a_thread(front.__rsgi__(scope_of("/long"), proto))
        assert (proto.answer[0], len(proto.sent), proto.parts, closed) == (200, 1_200_000, 5, ["long"])

    def test_ends_what_is_long_when_its_reader_is_gone(self):
        closed = []

        def parts():
            try:
                while True:
                    yield b"x" * 100_000
            finally:
                closed.append(True)

        def app(_environ, start):
            start("200 OK", [("Content-Type", "text/plain")])
            return parts()

        proto = Proto(gone_after=3)
        in_a_thread(Front(app, Waiting(lambda _waited: set()), 2, 1000).__rsgi__(scope_of("/"), proto))
        assert closed == [True]

    def test_tells_headers_apart_that_look_alike(self):
        headers = {"x-forwarded-for": "192.0.2.7", "x_forwarded_for": "127.0.0.1", "content-type": "text/plain"}
        environ = environ_of(scope_of("/ü", client="[::1]:5000", authority="kt.internal", headers=headers), b"")
        assert (environ["HTTP_X_FORWARDED_FOR"], environ["CONTENT_TYPE"]) == ("192.0.2.7", "text/plain")
        assert (environ["REMOTE_ADDR"], environ["HTTP_HOST"]) == ("::1", "kt.internal")
        assert environ["PATH_INFO"].encode("latin-1").decode() == "/ü"


def test_an_outage_of_the_database_ends_no_wait():
    from sqlalchemy.exc import OperationalError

    looks = []

    def look(_waited):
        looks.append(True)
        if len(looks) == 2:
            raise OperationalError("", {}, Exception())
        return {("project", "p")} if len(looks) == 4 else set()

    async def doing():
        waiting = Waiting(look)
        answers = iter([200])
        answer = await waiting.hold(
            Wait(("project", "p"), 30), ("x",), SimpleNamespace(status=304), 0, partial(_next, answers)
        )
        assert (answer.status, len(looks)) == (200, 4)

    run(doing)


async def _next(answers):
    return SimpleNamespace(status=next(answers))

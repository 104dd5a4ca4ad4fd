"""Known secrets go the whole way, through failures too; then all that was written is searched for them.

Real web, Redis, worker and practice AWS. What may hold a value in the clear is the one answer that was asked to.
"""

from __future__ import annotations

import base64
import logging
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import migrations
from app import create_app
from config import Config
from database import db
from jobs.periodic import PeriodicScheduler, periodic_jobs
from jobs.queue import connect
from models import (
    AccessKey,
    AuditEntry,
    Connection,
    KeyState,
    NoticeAddress,
    Project,
    Rotation,
    RotationStrategy,
    Secret,
    State,
    Webhook,
)
from models.engine import READ_ONLY
from models.links import LinkKind, make_link
from models.secret import current_values
from practice.seed import PracticeAws
from tests.conftest import Client
from tests.jobs.conftest import running_redis
from tests.planted.copies import copy_elsewhere
from tests.planted.search import files_below, forms_of, found, held_by
from tests.practice_aws import new_name
from tests.processes.conftest import environment
from tests.processes.processes import ROOT
from tests.rotation.telling.receiver import receiving
from tests.views.setup.filled import strategy_form

WORKER = """
import functools, rq
rq.Worker.work = functools.partialmethod(rq.Worker.work, burst=True)
from supervisor.worker import main
main()
"""
P = "/projects/payments"
HERE = "environment=production&path=/billing"


class Browser(Client):
    """Remembers all answers, but those that were asked to show a value."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.answers: list[bytes] = []

    def open(self, *args, shows=False, **kwargs):
        answer = super().open(*args, **kwargs)
        if not shows:
            self.answers.append(str(answer.headers).encode() + answer.data)
        return answer


class Journey:
    """An installation, a browser, and what has been planted so far."""

    def __init__(self, folder: Path, redis_url: str, aws: PracticeAws) -> None:
        self.folder, self.redis_url, self.aws = folder, redis_url, aws
        self.master_key = base64.b64encode(b"planted master key of 32 bytes..").decode()
        self.planted = {
            "master key": self.master_key, "master key itself": "planted master key of 32 bytes..",
            "password": "planted password: 7 violet herons", "new password": "planted password: 8 amber otters",
            "wrong password": "planted password: 9 wrong ones",
            "wrong manager secret": "planted/wrong+manager/secret=",
            "value": "planted value + with / odd = signs & <marks>", "second value": "planted second value",
            "pasted value": "planted pasted value", "pasted nonsense": "planted nonsense without a name",
            "too long": "planted beginning of too much", "part of AWS's answer": "<SecretAccessKey>",
            "crash": "planted text of a foreign exception", "store's token": "planted-token-of-a-store",
            "wrong store's token": "planted-token that has a blank",
        }  # fmt: skip
        self.config = Config(
            instance=folder, redis_url=redis_url, aws_endpoint_url=aws.endpoint_url, master_key=self.master_key,
            log_level="DEBUG",
        )  # fmt: skip
        self.manager, self.target = aws.make_manager(new_name("manager")), aws.make_target(new_name("target"))
        self.planted["manager's secret"] = self.manager.key.secret_access_key
        self.planted["target's secret"] = self.target.key.secret_access_key
        self.redis: Redis = connect(redis_url)
        self.app = create_app(self.config)
        self.app.test_client_class = Browser
        with self.app.app_context():
            migrations.upgrade(db.engine)
            self.engine = db.engine.execution_options(**{READ_ONLY: True})
        self.browser = self.app.test_client()
        self.browser.test_session = Session(self.engine)
        self.written: dict[str, bytes] = {}
        self.session_token, self.strategy_id = "", 0

    def post(self, address: str, expected: int = 303, **form: object):
        """Send a form; `shows` and `htmx` are the browser's."""
        own = {name: form.pop(name) for name in ("shows", "htmx") if name in form}
        answer = self.browser.post(address, data=form, **own)
        problems = re.findall(r'id="[\w-]+-error".*?</div>', answer.text, re.DOTALL)
        assert answer.status_code == expected, f"{address}: {problems}"
        return answer

    def one(self, query):
        (found,) = self.all(query)
        return found

    def all(self, query):
        with Session(self.engine) as session:
            return session.scalars(query).all()

    def work(self) -> None:
        """Let a worker do what is queued, its log at DEBUG. What Redis holds before and after is kept."""
        self._keep_redis()
        env = environment(
            self.folder, REDIS_URL=self.redis_url, AWS_ENDPOINT_URL=self.aws.endpoint_url,
            KEYTURN_MASTER_KEY=self.master_key, KEYTURN_LOG_LEVEL="DEBUG",
        )  # fmt: skip
        run = subprocess.run((sys.executable, "-c", WORKER), cwd=ROOT, env=env, capture_output=True, check=True)
        self.written[f"worker's output {len(self.written)}"] = run.stdout + run.stderr
        self._keep_redis()

    def sweep(self) -> None:
        PeriodicScheduler(periodic_jobs(self.config), self.redis).enqueue_jobs()
        self.work()

    def keep_files(self) -> None:
        """What the database and Redis have in their files: the former's log apart, and then moved into the database."""
        self.redis.config_set("rdbcompression", "no")
        self.redis.save()
        self.written |= files_below(Path(self.redis_url.removeprefix("unix://")).parent) | files_below(self.folder)
        with self.app.app_context(), db.engine.connect() as connection:
            connection.rollback()
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.written |= {f"{name} in the end": content for name, content in files_below(self.folder).items()}

    def _keep_redis(self) -> None:
        self.written[f"Redis {len(self.written)}"] = held_by(self.redis)


@pytest.fixture
def journey(tmp_path, practice, caplog):
    with tempfile.TemporaryDirectory(prefix="keyturn-redis-") as name, running_redis(Path(name)) as url:
        made = Journey(tmp_path, url, practice)
        caplog.set_level(logging.DEBUG)  # only now: practice AWS is made ready by whoever may know its secrets
        yield made
        made.browser.test_session.close()
        made.redis.close()
        with made.app.app_context():
            db.engine.dispose()


def test_no_planted_secret_is_written_anywhere(journey, caplog):
    come_in(journey)
    keep_secrets(journey)
    set_up(journey)
    lose_an_answer(journey)
    turn(journey)
    look_at_values(journey)
    tell_others(journey)
    copy_elsewhere(journey)
    meet_a_crash(journey)
    look_round(journey)
    leave(journey)
    journey.keep_files()
    journey.written["web's log"] = caplog.text.encode()
    journey.written["answers"] = b"\n".join(journey.browser.answers)
    assert found(journey.planted, journey.written) == []
    del journey.written["answers"]
    assert found({"session": journey.session_token}, journey.written) == []
    assert_searched(journey)


def assert_searched(journey: Journey) -> None:
    """What anybody may read is found in each of the places, so that finding no secret there means something."""
    known = {"comment": "a comment for all", "job": "jobs.rotate.rotate", "user": journey.target.user_name}
    seen = "\n".join(found(known, journey.written))
    for place in (
        r"comment .plain. in \S+keyturn.db-wal$", r"comment .plain. in \S+keyturn.db in the end",
        r"job .plain. in Redis", r"job .plain. in \S+\.aof",
    ):  # fmt: skip
        assert re.search(place, seen, re.MULTILINE), seen
    assert "urllib3" in journey.written["worker's output 1"].decode()
    assert len(journey.written["web's log"]) > 500


def come_in(journey: Journey) -> None:
    with journey.app.app_context(), Session(db.engine) as session, session.begin():
        journey.planted["set-up link"] = make_link(session, LinkKind.SETUP, datetime.now(UTC))
    form = {"name": "ana", "email": "ana@example.com", "password": journey.planted["password"]}
    journey.browser.get(f"/setup/{journey.planted['set-up link']}", shows=True)
    journey.post(f"/setup/{journey.planted['set-up link']}", **form)
    journey.post("/account/sign-out")
    journey.post("/login", 422, name="ana", password=journey.planted["wrong password"])
    journey.post("/login", name="ana", password=journey.planted["password"])
    cookie = journey.browser.get_cookie(journey.app.config["KEYTURN_SESSION_COOKIE"])
    journey.session_token = cookie.value


def keep_secrets(journey: Journey) -> None:
    planted = journey.planted
    journey.post("/projects/new", name="payments")
    journey.post(f"{P}/new-secret?{HERE}", name="TOKEN", value=planted["value"], comment="a comment for all")
    journey.post(f"{P}/new-secret?{HERE}", 422, name="no name", value=planted["value"], comment="")
    journey.post(f"{P}/new-secret?{HERE}", 422, name="LONG", value=planted["too long"] + "x" * 70_000, comment="")
    text = f"PASTED={planted['pasted value']}\n{planted['pasted nonsense']}\n"
    for address in (f"{P}/import-secrets", f"{P}/import-secrets/preview"):
        journey.browser.post(f"{address}?{HERE}", data={"text": text}, htmx=True)
        journey.browser.post(f"{address}?{HERE}", data={"text": text})
    journey.post(f"{P}/import-secrets?{HERE}", text=f"PASTED={planted['pasted value']}")
    token = journey.one(select(Secret).where(Secret.name == "TOKEN"))
    seen = {"seen_version": "1", "seen_name": "TOKEN", "seen_comment": "a comment for all"}
    edit = {"name": "TOKEN", "value": planted["second value"], "comment": "a comment for all", **seen}
    journey.post(f"{P}/secret/{token.id}/edit", **edit)
    journey.post(f"{P}/secret/{token.id}/edit", 422, **edit)
    journey.post(f"{P}/secret/{token.id}/restore", version="1", seen="2")


def set_up(journey: Journey) -> None:
    planted, manager, target = journey.planted, journey.manager, journey.target
    form = strategy_form(
        manager_access_key=manager.key.access_key_id, manager_secret_key=planted["wrong manager secret"],
        manager_region=journey.aws.region, connection_name="manager", iam_username=target.user_name,
        access_key_value=target.key.access_key_id, secret_key_value=planted["target's secret"], repeat="button",
    )  # fmt: skip
    page = f"{P}/strategies/new/aws-iam"
    journey.post(f"{page}/check", 200, **form)
    journey.post(page, 422, **form)
    form["manager_secret_key"] = planted["manager's secret"]
    journey.post(f"{page}/check", 200, htmx=True, **form)
    journey.post(f"{page}/preview", 200, htmx=True, **form)
    journey.post(page, 422, **{**form, "iam_username": "no such name!"})
    journey.post(page, **form)
    with journey.app.app_context(), Session(db.engine) as session, session.begin():
        connection = session.scalars(select(Connection)).one()
        connection.verify_rounds, connection.verify_gap_s = 1, 0
        journey.strategy_id = session.scalars(select(RotationStrategy.id)).one()
    journey.post(f"{P}/connections/manager/check", htmx=True, expected=200)
    wrong = {"manager_access_key": manager.key.access_key_id, "manager_secret_key": planted["wrong manager secret"]}
    journey.post(f"{P}/connections/manager/key", 422, **wrong)


def lose_an_answer(journey: Journey) -> None:
    """botocore's error quotes the whole answer, secret access key included. The key is then found and deleted."""
    journey.aws.fail("cut", "CreateAccessKey", user=journey.target.user_name, at=0.9)
    journey.post(f"{P}/strategies/{journey.strategy_id}/rotate")
    journey.work()
    assert journey.one(select(Rotation)).error_code == "answer_lost"
    journey.sweep()
    assert journey.one(select(AccessKey.state).where(AccessKey.rotation_id.is_not(None))) == KeyState.DELETED


def turn(journey: Journey) -> None:
    journey.aws.fail("throttle", "GetAccessKeyLastUsed")
    journey.post(f"{P}/strategies/{journey.strategy_id}/rotate")
    journey.work()
    assert journey.one(select(Rotation.state).order_by(Rotation.id.desc()).limit(1)) == State.SUCCEEDED
    with Session(journey.engine) as session:
        strategy = session.get_one(RotationStrategy, journey.strategy_id)
        key = session.get_one(Project, strategy.project_id).sealing_key(journey.app.extensions["keyturn"].keyring)
        secret_id = strategy.secret_key_secret_id
        journey.planted["made secret"] = current_values(session, key, [secret_id])[secret_id].decode()


def look_at_values(journey: Journey) -> None:
    for secret_id, value in (
        (journey.one(select(Secret.id).where(Secret.name == "TOKEN")), journey.planted["value"]),
        (journey.one(select(Secret.id).where(Secret.name == "AWS_SECRET_ACCESS_KEY")), journey.planted["made secret"]),
    ):
        page = f"{P}/secret/{secret_id}"
        assert any(form in journey.post(f"{page}/reveal", 200, shows=True).data for _, form in forms_of(value))
        headers = {"Accept": "text/plain"}
        assert journey.browser.post(f"{page}/copy", headers=headers, shows=True).text == value


def tell_others(journey: Journey) -> None:
    """A program and a channel are told, at a receiver that refuses, too; what it was sent is here."""
    page = f"{P}/notifications"
    with receiving() as receiver:
        token = journey.planted["address's token"] = "planted-token-of-a-channel"
        url = f"gotify://127.0.0.1:{receiver.server.server_port}/{token}"
        wanted = {"enabled": "y", "allows_private": "y"}
        hook = {**wanted, "name": "deploys", "url": receiver.url, "kinds": "rotation.failed"}
        made = journey.post(f"{page}/webhooks/new", 200, shows=True, **hook)
        journey.planted["webhook's secret"] = re.search(r"whsec_([\w+/]+)", made.text)[1]
        journey.post(f"{page}/addresses/new", 422, **{**wanted, "name": "no name!", "url": url})
        journey.post(f"{page}/addresses/new", **{**wanted, "name": "team", "url": url, "kinds": "rotation.failed"})
        ids = [("webhooks", journey.one(select(Webhook.id))), ("addresses", journey.one(select(NoticeAddress.id)))]
        for status in (200, 500):
            receiver.answer = (status, b"{}", {})
            for sort, number in ids:
                journey.post(f"{page}/{sort}/{number}/test")
            journey.work()
        assert len(receiver.received) == 4
    for sort, number in ids:
        assert journey.browser.get(f"{page}/{sort}/{number}").status_code == 200


def meet_a_crash(journey: Journey) -> None:
    """An error that nobody foresaw, with a secret in its text and in the variables around it."""

    def crash(_kind, manager, *_more):
        raise RuntimeError(journey.planted["crash"], manager.secret_access_key)

    services = journey.app.extensions["keyturn"]
    journey.app.extensions["keyturn"] = replace(services, provider_for=crash)
    journey.post(f"{P}/connections/manager/check", 500)
    journey.app.extensions["keyturn"] = services


def look_round(journey: Journey) -> None:
    pages = [
        "/",
        "/people",
        "/account",
        "/status",
        "/audit",
        "/audit.csv",
        "/readyz",
        f"{P}/secrets/production/billing",
    ]
    pages += [
        f"{P}/{name}"
        for name in ("strategies", "connections", "connections/manager", "audit", "audit.csv", "notifications")
    ]
    pages += [f"{P}/strategies/{journey.strategy_id}{more}" for more in ("", "/edit", "/rotations", "/row", "/old-key")]
    with Session(journey.engine) as session:
        pages += [f"{P}/rotations/{number}" for number in session.scalars(select(Rotation.id))]
        pages += [
            f"{P}/secret/{number}{more}"
            for number in session.scalars(select(Secret.id))
            for more in ("/edit", "/reveal", "/versions", "/delete", "")
        ]
        assert session.scalar(select(func.count()).select_from(AuditEntry)) > 15
    for page in pages:
        assert journey.browser.get(page).status_code in {200, 302, 303}, page


def leave(journey: Journey) -> None:
    planted = journey.planted
    form = {"current": planted["password"], "password": planted["new password"]}
    journey.post("/account/password", 422, current=planted["wrong password"], password=planted["new password"])
    journey.post("/account/password", **form)
    journey.post("/account/sign-out")


def test_the_search_finds_each_form(tmp_path):
    """What finds nothing proves something only if it can find."""
    value = "planted + value / with = signs & <marks>"
    coded = base64.b64encode(f"user:{value}:more".encode())
    written = {"a log": f"... {value.encode().hex()} ...".encode(), "a header": b"Basic " + coded}
    assert found({"value": value}, written) == ["value (base64) in a header", "value (hex) in a log"]

"""Every page on PostgreSQL, which is stricter than SQLite about locks, lengths, groups and characters."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from config import Config
from database import db
from models import (
    AccessKey,
    Base,
    Batch,
    Copy,
    Destination,
    KeyState,
    NoticeAddress,
    Project,
    RotationStrategy,
    Secret,
    Webhook,
)
from models.base import new_id
from models.secret import create_secret, write_secret
from rotation.many import batches
from tests import factories, turned
from tests.api import programs
from tests.conftest import Client
from tests.fake_clock import START, FakeClock
from tests.fake_provider import FakeProvider
from tests.views.setup.filled import strategy_form

pytestmark = pytest.mark.postgres

PAYMENTS = "/projects/payments"
DAY = timedelta(days=1)


@pytest.fixture
def app(postgres_url, tmp_path) -> Flask:
    clock = FakeClock()
    aws = FakeProvider(clock)
    config = Config(instance=tmp_path, database_url=postgres_url.replace("+psycopg", ""))
    made = create_app(config, clock, lambda *_: aws)
    made.test_client_class = Client
    made.config["aws"], made.config["clock"] = aws, clock
    with made.app_context():
        Base.metadata.create_all(db.engine)
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def session(app):
    with app.app_context(), Session(db.engine) as session:
        yield session


@pytest.fixture
def strategy(app, session) -> RotationStrategy:
    """Turned, with an old key in its grace and a failed rotation; beside it a secret of two versions."""
    keyring = app.extensions["keyturn"].keyring
    project = factories.project(session, keyring, "payments")
    made = turned.strategy(session, keyring, project, "billing-api")
    for days in (9, 1):
        pair = app.config["aws"].add_key("billing-api")
        turned.succeeded(session, made, at=START - days * DAY, key_id=pair.access_key_id)
    turned.failed(session, made, "throttled", at=START)
    key = project.sealing_key(keyring)
    token = create_secret(
        session, key, environment=project.environments[2], path="/api", name="TOKEN", value=b"first", now=START,
        author="alice",
    )  # fmt: skip
    session.flush()
    write_secret(session, key, token, b"second", now=START, author="alice", reason="edited")
    session.commit()
    return made


@pytest.fixture
def client(app, session, strategy) -> Client:
    """Alice's browser."""
    client = app.test_client()
    client.test_session = session
    client.sign_in(factories.user(session, "alice", is_admin=True), app.config["clock"])
    session.commit()
    return client


def _receivers(session, project_id, keyring) -> dict[str, str]:
    """A webhook and an address of people; by what stands for one in addresses, what does."""
    sealing = session.get_one(Project, project_id).sealing_key(keyring)
    facts = {"project_id": project_id, "created_at": START, "created_by": "bob", "kinds": []}
    webhook = Webhook(id=new_id(), name="deploys", url="https://example.com/hooks", **facts)
    webhook.give_secret(sealing)
    address = NoticeAddress(id=new_id(), name="team", **facts)
    address.set_url(sealing, "json://example.com/")
    session.add_all([webhook, address])
    return {"addresses/<receiver_id>": f"addresses/{address.id}", "<receiver_id>": webhook.id}


def _copies(session, strategy) -> dict[str, str]:
    """A destination to which the strategy's key and its path are copied, the latter failing."""
    facts = {"project_id": strategy.project_id, "created_at": START, "created_by": "bob"}
    destination = Destination(id=new_id(), name="shop", kind="github", **facts)
    place = strategy.access_key_secret
    facts |= {"destination": destination, "next_at": START}
    copy = Copy(strategy_id=strategy.id, **facts)
    session.add_all([copy, Copy(environment_id=place.environment_id, path=place.path, why="refused", **facts)])
    session.flush()
    return {"<destination_id>": destination.id, "<int:copy_id>": str(copy.id), "<kind_id>": "kubernetes"}


def test_every_page_answers(app, client, session, strategy):
    batch = Batch(project_id=strategy.project_id, deed="rotate", at=START, by="bob")
    batches.start(session, batch, [strategy.id])
    token, text = programs.token(session, strategy, reads_secrets=True)
    receivers = _receivers(session, strategy.project_id, app.extensions["keyturn"].keyring)
    session.commit()
    values = {
        "<any(webhooks, addresses):sort>": "webhooks", **receivers, **_copies(session, strategy),
        "connections/<name>": "connections/prod-manager", "people/<name>": "people/alice",
        "<project_name>": "payments", "<environment_name>": "production", "<path:path>": "api", "<token>": "none",
        "<int:token_id>": str(token.id), "<strategy>": str(strategy.id),
        "<path:filename>": "mark.svg",
        "<int:number>": "1",
        "<int:strategy_id>": str(strategy.id), "<int:rotation_id>": str(turned.rotation(session, strategy).id),
        "<int:batch_id>": str(batch.id), "<key_id>": turned.key(session, strategy, None, KeyState.LOST).id,
        "<int:secret_id>": str(session.scalar(select(Secret.id).where(Secret.name == "TOKEN"))),
    }  # fmt: skip
    answers = {}
    for rule in [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods]:
        address = rule.rule
        for name, value in values.items():
            address = address.replace(name, value)
        for search, htmx in (("", False), ("&q=o&state=ok&person=alice&action=secret.create&thing=o", True)):
            query = f"deed=pause&all=yes&environment=production&path=/api&version=1{search}"
            sent = {"Authorization": text}
            answers[address] = client.get(f"{address}?{query}", htmx=htmx, headers=sent).status_code
    assert {address: status for address, status in answers.items() if status >= 400} == {
        "/setup": 404, "/setup/none": 404, "/invite/none": 404, "/reset/none": 404, "/readyz": 503,
        f"/v1/credentials/{strategy.id}": 503,
    }  # fmt: skip


def test_secrets_are_added_changed_moved_and_deleted(client, session, strategy):
    token = session.scalars(select(Secret).where(Secret.name == "TOKEN")).one()
    one, seen = f"{PAYMENTS}/secret/{token.id}", {"seen_version": "2", "seen_name": "TOKEN", "seen_comment": ""}
    steps = [
        (f"{PAYMENTS}/new-secret?environment=production&path=/api", {"name": "OTHER", "value": "x", "comment": ""}),
        (f"{PAYMENTS}/import-secrets?environment=production&path=/api", {"text": "A=1\nB=2"}),
        (f"{one}/edit", {"name": "KEY", "value": "third", "comment": "why", **seen}),
        (f"{one}/restore", {"version": "1", "seen": "3"}),
        (f"{PAYMENTS}/move-secrets?environment=production&path=/api",
         {"secret": [str(token.id)], "to_environment": "staging", "to_path": "/x"}),
        (f"{one}/delete", {}),
    ]  # fmt: skip
    for address, form in steps:
        assert client.post(address, data=form).status_code == 303, address
    assert client.post(f"{PAYMENTS}/secret/{strategy.access_key_secret_id}/reveal").status_code == 200


def old_key_of(session) -> str:
    return session.scalars(select(AccessKey.id).where(AccessKey.state == KeyState.RETIRING.value)).one()


def test_a_strategy_is_edited_turned_and_deleted(app, client, session, strategy):
    page, old = f"{PAYMENTS}/strategies/{strategy.id}", old_key_of(session)
    form = strategy_form(
        manager="stored", connection=strategy.connection_id, path="/billing-api", iam_path="",
        access_key_secret=str(strategy.access_key_secret_id), secret_key_secret=str(strategy.secret_key_secret_id),
        interval="20",
    )  # fmt: skip
    steps = [
        (f"{page}/edit", form), (f"{page}/pause", {}), (f"{page}/resume", {}), (f"{page}/old-key/check", {}),
        (f"{page}/old-key/keep", {"key": old, "until": "2026-12-01T12:00"}),
        (f"{page}/old-key/end", {"key": old, "sure": "yes"}),
        (f"{page}/keys/{turned.key(session, strategy, None, KeyState.LOST, intent_at=START - DAY).id}/clear-up",
         {"sure": "yes"}),
        (f"{page}/rotate", {"old_key": "end"}), (f"{page}/delete", {"keys": "delete", "confirm": "billing-api"}),
    ]  # fmt: skip
    for address, data in steps:
        assert client.post(address, data=data).status_code == 303, address
    session.expire_all()
    assert strategy.deleting_at is not None


def test_environments_and_projects_go_when_they_are_empty(client, session, strategy):
    steps = [
        ("/projects/new", {"name": "empty"}, 303),
        ("/projects/empty/environments", {"name": "canary"}, 303),
        ("/projects/empty/environments/canary/rename", {"name": "preview"}, 303),
        ("/projects/empty/environments/preview/delete", {}, 303),
        ("/projects/empty/rename", {"name": "void"}, 303),
        ("/projects/void/delete", {}, 303),
        (f"{PAYMENTS}/environments/production/delete", {}, 422),
        (f"{PAYMENTS}/delete", {}, 422),
    ]  # fmt: skip
    answers = [(address, client.post(address, data=form).status_code) for address, form, _ in steps]
    assert answers == [(address, status) for address, _, status in steps]


def test_programs_write_and_page(client, session, strategy):
    _, text = programs.everything(session, strategy)
    session.commit()
    new = {"name": "NEW", "value": "ü\n"}
    made = [programs.call(client, "POST", "/secrets", text, json=new, Idempotency_Key="k") for _ in range(2)]
    assert [each.status_code for each in made] == [201, 201]
    address = f"/secrets/{made[0].json['id']}"
    assert programs.call(client, "PATCH", address, text, json={"value": "x"}, Idempotency_Key="p").json["version"] == 2
    for listed in ("/audit", "/keys", f"{address}/versions", f"/strategies/{strategy.id}/rotations"):
        cursor = programs.call(client, "GET", f"{listed}?limit=1", text).json["next_cursor"]
        page = programs.call(client, "GET", f"{listed}?limit=1&cursor={cursor}", text)
        assert page.status_code == 200, listed
    started = programs.call(client, "POST", f"/strategies/{strategy.id}/rotations", text)
    assert started.status_code == 202
    assert programs.call(client, "DELETE", address, text).status_code == 204

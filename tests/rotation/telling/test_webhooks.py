"""Webhooks, to a real receiver: signed by the Standard Webhooks rules, tried for three days."""

from __future__ import annotations

import json
import logging
import socket
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from models import Delivery, Kind, Project, Webhook
from models.telling.deliveries import TRIED_FOR, Outcome, next_try
from models.telling.outbox import tell
from rotation import asking
from rotation.asking import UnansweredError, Way, ask, is_private
from tests.fake_clock import START
from tests.rotation.world import HOUR


def test_a_rotation_is_told_and_the_signature_holds(world, telling, receiver):
    world.clock.set(datetime.now(UTC))
    _, secret = telling.webhook(receiver.url)
    rotation = world.rotate()
    assert telling.send() == 1
    (received,) = receiver.received
    told = Verifier(secret).verify(received.body, received.headers)
    assert received.path == "/hooks/keyturn?tenant=7"
    assert told["type"] == "rotation.succeeded"
    assert told["data"]["strategy"]["user_name"] == "billing-api"
    assert told["data"]["rotation"]["id"] == rotation.id
    assert told["data"]["key"]["access_key_id"] == world.pair().access_key_id
    assert told["data"]["url"] == f"https://keyturn.example.com/projects/payments/rotations/{rotation.id}"
    assert world.pair().secret_access_key not in received.body.decode()
    (delivery,) = telling.deliveries()
    assert (delivery.outcome, delivery.next_at, delivery.last["status"]) == (Outcome.DELIVERED, None, 204)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(received.body.replace(b"billing", b"killing"), received.headers)
    assert telling.send() == 0, "once"
    assert json.loads(received.body) == told


def happen(world, count=1):
    """So many events."""
    with world.new_session() as session, session.begin():
        for _ in range(count):
            project_id = session.scalars(select(Project.id)).one()
            tell(
                session,
                Kind.KEY_DELETED,
                world.clock.now(),
                project_id=project_id,
                key={"access_key_id": "AKIAEXAMPLE"},
            )


def test_both_secrets_sign_for_the_overlap(world, telling, receiver):
    world.clock.set(datetime.now(UTC))
    webhook_id, before = telling.webhook(receiver.url)
    with world.new_session() as session, session.begin():
        after = session.get_one(Webhook, webhook_id).rotate_secret(
            world.sealing_key, timedelta(hours=1), world.clock.now()
        )
    telling.test()
    (received,) = receiver.received
    for secret in (before, after):
        assert Verifier(secret).verify(received.body, received.headers)
    world.clock.advance(2 * HOUR)
    telling.test()
    assert len(receiver.received[1].headers["webhook-signature"].split()) == 1


def test_it_is_tried_for_three_days_with_growing_pauses(world, telling, receiver):
    receiver.answer = (503, b"busy", {})
    telling.webhook(receiver.url)
    happen(world)
    tried_at = []
    while (telling.deliveries() or [None])[0] is None or telling.deliveries()[0].next_at is not None:
        if telling.send():
            tried_at.append(world.clock.now() - START)
        world.clock.set(telling.deliveries()[0].next_at or world.clock.now())
    pauses = [later - earlier for earlier, later in pairwise(tried_at)]
    assert pauses[:5] == [timedelta(seconds=number) for number in (5, 5, 10, 20, 40)]
    assert pauses[:-1] == sorted(pauses[:-1])
    assert max(pauses) == timedelta(hours=12)
    assert tried_at[-1] == TRIED_FOR
    assert len({received.headers["webhook-id"] for received in receiver.received}) == 1
    assert len({received.body for received in receiver.received}) == 1
    assert telling.deliveries()[0].outcome == Outcome.GIVEN_UP
    world.clock.advance(HOUR)
    assert telling.send() == 0


def test_it_is_delivered_once_the_receiver_is_back(world, telling, receiver):
    receiver.answer = (500, b"", {})
    telling.webhook(receiver.url)
    happen(world)
    telling.send()
    receiver.answer = (200, b"thanks", {})
    world.clock.advance(5)
    telling.send()
    (delivery,) = telling.deliveries()
    assert [(answer["status"], answer["ok"]) for answer in delivery.answers] == [(500, False), (200, True)]
    assert delivery.outcome == Outcome.DELIVERED


def test_a_dead_receiver_is_tried_by_one_of_many(world, telling, receiver):
    receiver.answer = (500, b"", {})
    telling.webhook(receiver.url)
    happen(world, 20)
    assert telling.send() == 1
    assert len(receiver.received) == 1
    world.clock.advance(5)
    receiver.answer = (204, b"", {})
    assert telling.send() == 20


def test_a_redirect_is_not_followed(telling, receiver):
    receiver.answer = (302, b"elsewhere", {"location": receiver.url.replace("keyturn", "elsewhere")})
    telling.webhook(receiver.url)
    telling.test()
    assert [received.path for received in receiver.received] == ["/hooks/keyturn?tenant=7"]
    (delivery,) = telling.deliveries()
    assert (delivery.last["status"], delivery.last["said"]) == (302, "Redirects aren't followed. elsewhere")
    assert delivery.next_at is not None


def test_one_that_is_gone_is_switched_off(world, telling, receiver):
    receiver.answer = (410, b"", {})
    webhook_id, _ = telling.webhook(receiver.url)
    telling.test()
    assert telling.deliveries()[0].outcome == Outcome.GIVEN_UP
    with world.new_session() as session:
        webhook = session.get_one(Webhook, webhook_id)
        assert (webhook.enabled, webhook.gone_at) == (False, world.clock.now())
    happen(world)
    telling.send()
    assert len(telling.deliveries()) == 1, "what is switched off gets no further events"


def test_an_answer_is_cut_short(telling, receiver):
    receiver.answer = (500, b"\x00<b>" + b"x" * 1_000_000, {})
    telling.webhook(receiver.url)
    telling.test()
    said = telling.deliveries()[0].last["said"]
    assert said.startswith("<b>xxx")
    assert len(said) < 1000


def test_an_answer_that_does_not_come(telling, receiver, monkeypatch):
    monkeypatch.setattr(asking, "WHOLE_S", 0.2)
    receiver.hold.clear()
    telling.webhook(receiver.url)
    telling.test()
    assert telling.deliveries()[0].last["ok"] is False
    assert telling.deliveries()[0].next_at is not None


def test_who_is_not_there(telling):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        telling.webhook(f"http://127.0.0.1:{unused.getsockname()[1]}/")
        telling.test()
    assert telling.deliveries()[0].last["said"] == "Connection refused"


def test_a_private_address_is_refused_when_it_is_connected_to(telling, receiver):
    telling.webhook(receiver.url, allows_private=False)
    telling.test()
    assert receiver.received == []
    assert telling.deliveries()[0].last["said"].startswith("127.0.0.1 is a private address")


def test_a_name_that_leads_elsewhere_a_moment_later_leads_nowhere(receiver, monkeypatch):
    """What is looked at is what is connected to: the name is resolved once."""
    port, asked = receiver.server.server_port, []

    def resolve(host, port, **_options):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(UnansweredError, match=r"127\.0\.0\.1 is a private address"):
        ask("POST", f"http://rebound.example.com:{port}/", b"", {}, Way())
    assert asked == ["rebound.example.com"]
    assert receiver.received == []


@pytest.mark.parametrize(
    "address",
    ["10.1.2.3", "127.0.0.1", "169.254.169.254", "192.168.0.1", "172.16.0.1", "100.64.0.1", "0.0.0.1", "224.0.0.1",
     "::1", "fe80::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::"],
)  # fmt: skip
def test_what_is_private(address):
    assert is_private(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"])
def test_what_is_public(address):
    assert not is_private(address)


def test_a_worker_that_dies_is_made_up(world, telling, receiver):
    telling.webhook(receiver.url)
    happen(world)
    telling.send()
    with world.new_session() as session, session.begin():  # as one leaves it that died in the middle
        session.execute(
            update(Delivery).values(outcome="waiting", answers=[], next_at=world.clock.now() + timedelta(minutes=2))
        )
    assert telling.send() == 0
    world.clock.advance(121)
    assert telling.send() == 1
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_a_delivery_is_tried_by_one_worker_alone(world, telling, receiver):
    telling.webhook(receiver.url)
    happen(world)
    telling.send()
    (delivery,) = telling.deliveries()
    assert telling.deliver(delivery.id) is None
    assert len(receiver.received) == 1


def test_each_receiver_gets_what_it_wants(world, telling, receiver):
    telling.webhook(receiver.url, name="all")
    telling.webhook(receiver.url, name="failures", kinds=[Kind.ROTATION_FAILED.value])
    telling.webhook(receiver.url, name="off", enabled=False)
    happen(world)
    assert telling.send() == 1


def test_no_secret_is_logged(world, telling, receiver, caplog):
    caplog.set_level(logging.DEBUG)
    _, secret = telling.webhook(receiver.url)
    receiver.answer = (500, b"", {})
    telling.test()
    assert secret not in caplog.text
    assert secret.removeprefix("whsec_") not in caplog.text


def test_the_last_try_is_at_the_end():
    assert next_try(START, START + TRIED_FOR - timedelta(hours=1)) == START + TRIED_FOR
    assert next_try(START, START + TRIED_FOR) is None

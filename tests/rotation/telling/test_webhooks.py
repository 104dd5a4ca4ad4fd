"""Webhooks, to a real receiver: signed by the Standard Webhooks rules, tried for three days."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from models.telling.deliveries import Outcome


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

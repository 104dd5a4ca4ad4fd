"""Posting an event to a webhook, by the Standard Webhooks rules (https://www.standardwebhooks.com)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from standardwebhooks import Webhook as Signer

from crypto import SealingKey
from models import OutboxEvent, Webhook
from rotation.asking import Answer, Way, ask


def payload(event: OutboxEvent, base_url: str) -> dict[str, Any]:
    """What is posted: ids, names and where to look, never a value. The same at each try."""
    return {
        "type": event.kind,
        "timestamp": event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": {**event.data, "url": base_url + page_of(event)},
    }


def page_of(event: OutboxEvent) -> str:
    """The path of the page that an event is about."""
    if "part" in event.data:  # of Keyturn itself
        return "/status"
    base = f"/projects/{event.data['project']['name']}"
    strategy, rotation, copy = (event.data.get(thing) for thing in ("strategy", "rotation", "copy"))
    if copy is not None:
        return f"{base}/copies/{copy['destination_id']}"
    if rotation is not None:
        return f"{base}/rotations/{rotation['id']}"
    return f"{base}/strategies/{strategy['id']}" if strategy is not None else f"{base}/strategies"


def send(webhook: Webhook, event: OutboxEvent, key: SealingKey, base_url: str, now: datetime) -> Answer:
    """Post the event, signed by each secret that holds now. Raises UnansweredError."""
    body = json.dumps(payload(event, base_url), separators=(",", ":"), sort_keys=True)
    signatures = [Signer(secret).sign(event.id, now, body) for secret in webhook.secrets(key, now)]
    headers = {
        "content-type": "application/json",
        "user-agent": "Keyturn-Webhooks/1",
        "webhook-id": event.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
        "connection": "close",
    }
    return ask("POST", webhook.url, body.encode(), headers, Way(webhook.allows_private))

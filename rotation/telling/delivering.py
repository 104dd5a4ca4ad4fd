"""One delivery: taken, sent, and what came of it written down. No transaction is open while a receiver is asked."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from crypto import Keyring
from models import Delivery, NoticeAddress, Project, Webhook
from models.telling.deliveries import LONGEST_TRY, claim_delivery, let_rest, next_try, settle
from rotation.asking import UnansweredError, printable
from rotation.clock import Clock
from rotation.telling import notices, webhooks

log = logging.getLogger(__name__)

_TAKEN_FOR = LONGEST_TRY + timedelta(seconds=20)
"""Until what came of a try is written down: one that a worker died with is made up after that."""
_GONE = 410
_WELL = range(200, 300)
_MOVED = range(300, 400)


@dataclass(frozen=True)
class Sender:
    """What a delivery is sent with."""

    session: Session
    keyring: Keyring
    clock: Clock
    base_url: str = ""
    """Where people reach Keyturn, without a slash at its end; empty where that isn't set."""


@dataclass(frozen=True)
class Said:
    """What came of a try. `final`: trying again is useless."""

    ok: bool
    said: str
    status: int | None = None
    final: bool = False


def deliver(sender: Sender, delivery_id: int) -> bool | None:
    """Try the delivery if it is due: whether it was taken well, or None where there was nothing to try."""
    session, now = sender.session, sender.clock.now()
    until = now + _TAKEN_FOR
    delivery = claim_delivery(session, delivery_id, now, until)
    if delivery is None:
        return None
    receiver = _receiver(session, delivery)
    said = _send(sender, delivery, receiver, now)
    _write(sender, delivery, receiver, until, said)
    return said.ok


def _receiver(session: Session, delivery: Delivery) -> Webhook | NoticeAddress | None:
    if delivery.webhook_id is not None:
        return session.get(Webhook, delivery.webhook_id)
    return session.get(NoticeAddress, delivery.address_id)


def _send(sender: Sender, delivery: Delivery, receiver: Webhook | NoticeAddress | None, now: datetime) -> Said:
    session, event = sender.session, delivery.event
    if receiver is None or not receiver.enabled:
        session.commit()
        return Said(ok=False, said="It is switched off", final=True)
    key = session.get_one(Project, event.project_id).sealing_key(sender.keyring)
    session.commit()
    try:
        if isinstance(receiver, Webhook):
            answer = webhooks.send(receiver, event, key, sender.base_url, now)
            return _judged(answer.status, answer.body)
        notices.send(receiver, event, key, sender.base_url)
        return Said(ok=True, said="Sent")
    except UnansweredError as error:
        return Said(ok=False, said=str(error))
    except Exception as error:  # noqa: BLE001 - whatever a receiver's answer brings about, the delivery is tried again
        # The text of a foreign exception may hold an address with its password: only its kind is told.
        log.warning("delivery %s: %s", delivery.id, type(error).__name__)
        return Said(ok=False, said=f"Keyturn met an error of its own ({type(error).__name__})")


def _judged(status: int, body: str) -> Said:
    if status in _MOVED:
        return Said(ok=False, said=f"Redirects aren't followed. {body}".strip(), status=status)
    return Said(ok=status in _WELL, said=body, status=status, final=status == _GONE)


def _write(
    sender: Sender, delivery: Delivery, receiver: Webhook | NoticeAddress | None, until: datetime, said: Said
) -> None:
    session, now = sender.session, sender.clock.now()
    answer: dict[str, Any] = {
        "at": now.isoformat(timespec="seconds"), "status": said.status, "said": printable(said.said), "ok": said.ok,
    }  # fmt: skip
    again = None if said.ok or said.final else next_try(delivery.since, now)
    settle(session, delivery, until, answer, again)
    if not said.ok and not said.final:
        let_rest(session, delivery, now, again)
    if said.status == _GONE and isinstance(receiver, Webhook):
        receiver.enabled, receiver.gone_at = False, now
    session.commit()

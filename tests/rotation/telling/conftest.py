from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Delivery, Kind, NoticeAddress, OutboxEvent, Project, Webhook
from models.base import new_id
from models.telling.deliveries import send_to
from models.telling.outbox import tell
from models.telling.receivers import PEOPLE_KINDS, WEBHOOK_KINDS, addresses_of, webhooks_of
from rotation.telling import delivering
from rotation.telling.delivering import Sender
from rotation.when.sweep import sweep_once
from tests.rotation.telling.receiver import receiving

BASE_URL = "https://keyturn.example.com"


class Telling:
    """What a world tells, and to whom."""

    def __init__(self, world):
        self.world = world

    def project(self, session: Session) -> Project:
        return session.scalars(select(Project)).one()

    def webhook(self, url: str, **columns) -> tuple[str, str]:
        """Its id and its secret."""
        values = {"name": "deploys", "allows_private": True, "kinds": [kind.value for kind in WEBHOOK_KINDS], **columns}
        with self.world.new_session() as session, session.begin():
            made = Webhook(
                id=new_id(), project_id=self.project(session).id, url=url, created_at=self.world.clock.now(),
                created_by="alice", **values,
            )  # fmt: skip
            secret = made.give_secret(self.world.sealing_key)
            session.add(made)
            return made.id, secret

    def address(self, url: str, **columns) -> str:
        """Its id."""
        values = {"name": "team", "allows_private": True, "kinds": [kind.value for kind in PEOPLE_KINDS], **columns}
        with self.world.new_session() as session, session.begin():
            made = NoticeAddress(
                id=new_id(), project_id=self.project(session).id, created_at=self.world.clock.now(),
                created_by="alice", **values,
            )  # fmt: skip
            made.set_url(self.world.sealing_key, url)
            session.add(made)
            return made.id

    def test(self) -> None:
        """Send a test to each receiver."""
        with self.world.new_session() as session, session.begin():
            project_id = self.project(session).id
            for receiver in (*webhooks_of(session, project_id), *addresses_of(session, project_id)):
                event = tell(session, Kind.TEST, self.world.clock.now(), project_id=project_id, sent_by="alice")
                send_to(session, event, receiver, self.world.clock.now())
        self.send()

    def send(self) -> int:
        """One sweep, and a worker that tries what it found; how many were tried."""
        with self.world.new_session() as session:
            due = sweep_once(session, self.world.clock.now()).deliveries
        return sum(self.deliver(delivery_id) is not None for delivery_id, _ in due)

    def deliver(self, delivery_id: int) -> bool | None:
        with self.world.new_session() as session:
            sender = Sender(session, self.world.keyring, self.world.clock, BASE_URL)
            return delivering.deliver(sender, delivery_id)

    def events(self) -> list[OutboxEvent]:
        with self.world.new_session() as session:
            return list(session.scalars(select(OutboxEvent).order_by(OutboxEvent.at, OutboxEvent.kind)))

    def deliveries(self) -> list[Delivery]:
        with self.world.new_session() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))


@pytest.fixture
def telling(world):
    return Telling(world)


@pytest.fixture
def receiver():
    with receiving() as made:
        yield made

"""Deliveries: one event on its way to one who is to be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    Update,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from models.base import Base, as_long_again
from models.telling.outbox import Audience, Kind, OutboxEvent
from models.telling.receivers import NoticeAddress, Receiver, Webhook

TRIED_FOR = timedelta(days=3)
LONGEST_TRY = timedelta(seconds=100)
"""A try that takes longer is broken off."""
KEPT_FOR = timedelta(days=30)
"""How long events and what came of them are kept."""
_LONGEST = timedelta(hours=12)
_REST = timedelta(minutes=5)
"""For so long at most the other deliveries of a receiver wait when it fails: a dead one is tried by one of them."""
_ANSWERS_KEPT = 30


class Outcome(StrEnum):
    """What came of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"
    """After three days, or because the receiver is switched off or gone."""


class Delivery(Base):
    """One event for one receiver. `answers` has a row for each try: `at`, `status`, `said`, `ok`."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("event_id", "webhook_id"),
        UniqueConstraint("event_id", "address_id"),
        CheckConstraint("(webhook_id IS NULL) <> (address_id IS NULL)", name="one_receiver"),
        Index("ix_deliveries_next_at", "next_at"),
        Index("ix_deliveries_webhook_id", "webhook_id", "id"),
        Index("ix_deliveries_address_id", "address_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("outbox.id", ondelete="CASCADE"))
    webhook_id: Mapped[str | None] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    address_id: Mapped[str | None] = mapped_column(ForeignKey("notice_addresses.id", ondelete="CASCADE"))
    outcome: Mapped[str] = mapped_column(String(9), default=Outcome.WAITING.value)
    since: Mapped[datetime]
    """From when its three days are counted: the event, or *Send again*."""
    next_at: Mapped[datetime | None]
    """When it is tried next; NULL when it isn't any more."""
    tries: Mapped[int] = mapped_column(default=0)
    """How often a worker took it up: tells the queue's jobs for it apart."""
    answers: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)

    event: Mapped[OutboxEvent] = relationship()

    @property
    def last(self) -> dict[str, Any] | None:
        """The last answer."""
        return self.answers[-1] if self.answers else None


def next_try(since: datetime, now: datetime) -> datetime | None:
    """When a delivery that failed now is tried again: as long again as it has been tried for; None after three days."""
    end = since + TRIED_FOR
    return None if now >= end else min(as_long_again(since, now, _LONGEST), end)


def send_to(session: Session, event: OutboxEvent, receiver: Receiver, now: datetime) -> Delivery:
    """Have this event delivered to this receiver alone, and to nobody else. Flushes."""
    event.spread_at = now
    delivery = Delivery(event_id=event.id, since=now, next_at=now, tries=0, **_to(receiver))
    session.flush()
    session.add(delivery)
    session.flush()
    return delivery


def spread(session: Session, now: datetime, most: int) -> None:
    """Make a delivery for each who is to be told of events that are new, and forget old ones. Doesn't commit.

    Any number may run at once: each event is taken by one.
    """
    new = select(OutboxEvent.id).where(OutboxEvent.spread_at.is_(None)).order_by(OutboxEvent.at).limit(most)
    ids = session.scalars(new).all()
    if not ids:
        return
    taken = session.scalars(
        update(OutboxEvent)
        .where(OutboxEvent.id.in_(ids), OutboxEvent.spread_at.is_(None))
        .values(spread_at=now)
        .returning(OutboxEvent)
        .execution_options(synchronize_session=False)
    ).all()
    projects = {event.project_id for event in taken}
    webhooks = session.scalars(select(Webhook).where(Webhook.project_id.in_(projects), Webhook.enabled)).all()
    addresses = session.scalars(
        select(NoticeAddress).where(NoticeAddress.project_id.in_(projects), NoticeAddress.enabled)
    ).all()
    receivers: list[Receiver] = [*webhooks, *addresses]
    session.add_all(
        Delivery(event_id=event.id, since=now, next_at=now, tries=0, **_to(receiver))
        for event in sorted(taken, key=lambda one: one.at)
        for receiver in receivers
        if _is_for(event, receiver)
    )
    session.execute(delete(OutboxEvent).where(OutboxEvent.at < now - KEPT_FOR))


def deliveries_due(session: Session, now: datetime, most: int) -> list[tuple[int, int]]:
    """The deliveries whose time has come, with how often they were taken up so far."""
    due = select(Delivery.id, Delivery.tries).where(Delivery.next_at <= now).order_by(Delivery.next_at, Delivery.id)
    return [(row[0], row[1]) for row in session.execute(due.limit(most))]


def claim_delivery(session: Session, delivery_id: int, now: datetime, until: datetime) -> Delivery | None:
    """Take a delivery that is due, put off first: one that dies is made up. None where another has it. Commits."""
    taken = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.next_at <= now)
        .values(next_at=until, tries=Delivery.tries + 1)
        .execution_options(synchronize_session=False)
    )
    whole = select(Delivery).where(Delivery.id == delivery_id).options(joinedload(Delivery.event))
    found = session.scalar(whole.execution_options(populate_existing=True)) if taken.rowcount else None  # type: ignore[attr-defined]
    session.commit()
    return found


def settle(
    session: Session, delivery: Delivery, claimed_until: datetime, answer: dict[str, Any], again: datetime | None
) -> None:
    """Write what a try came to, without committing; nothing if it was taken up anew, or is to be, meanwhile."""
    outcome = Outcome.DELIVERED if answer["ok"] else Outcome.WAITING if again else Outcome.GIVEN_UP
    answers = [*delivery.answers, answer][-_ANSWERS_KEPT:]
    session.execute(
        update(Delivery)
        # Later than until then it is if others to the same receiver failed meanwhile, and let all of them rest.
        .where(Delivery.id == delivery.id, Delivery.tries == delivery.tries, Delivery.next_at >= claimed_until)
        .values(outcome=outcome.value, next_at=again, answers=answers)
        .execution_options(synchronize_session=False)
    )


def let_rest(session: Session, delivery: Delivery, now: datetime, again: datetime | None) -> None:
    """Put off what else is due to a receiver that fails, without committing, and give up what is too old."""
    rest_until = min(again or now + _REST, now + _REST)
    too_old = _others(delivery, Delivery.next_at <= now, Delivery.since <= now - TRIED_FOR)
    session.execute(too_old.values(next_at=None, outcome=Outcome.GIVEN_UP.value))
    session.execute(_others(delivery, Delivery.next_at < rest_until).values(next_at=rest_until))


def _others(delivery: Delivery, *only: ColumnElement[bool]) -> Update:
    """What else is on its way to the receiver, but for what another worker writes this moment.

    Two that fail at once would else wait for each other.
    """
    to = (
        Delivery.webhook_id == delivery.webhook_id
        if delivery.webhook_id
        else Delivery.address_id == delivery.address_id
    )
    ids = select(Delivery.id).where(to, Delivery.id != delivery.id, *only).with_for_update(skip_locked=True)
    return update(Delivery).where(Delivery.id.in_(ids)).execution_options(synchronize_session=False)


def send_again(delivery: Delivery, now: datetime) -> None:
    """Have it delivered once more, with three days from now; without committing."""
    delivery.since = delivery.next_at = now
    delivery.outcome = Outcome.WAITING.value


def deliveries_of(session: Session, receiver: Receiver, most: int, before: int | None = None) -> Sequence[Delivery]:
    """The receiver's deliveries with their events, the newest first, those before the one of id `before`."""
    mine = select(Delivery).options(joinedload(Delivery.event)).order_by(Delivery.id.desc()).limit(most)
    mine = mine.where(*(getattr(Delivery, name) == value for name, value in _to(receiver).items()))
    return session.scalars(mine if before is None else mine.where(Delivery.id < before)).all()


def last_deliveries(session: Session, project_id: str) -> dict[str, Delivery]:
    """The last delivery to each of the project's receivers, by the receiver's id. One statement."""
    newest = [
        select(text(f"max({Delivery.__tablename__}.id)")).select_from(Delivery).join(of, column == of.id)
        .where(of.project_id == project_id).group_by(column)
        for of, column in ((Webhook, Delivery.webhook_id), (NoticeAddress, Delivery.address_id))
    ]  # fmt: skip
    found = session.scalars(select(Delivery).where(Delivery.id.in_(newest[0].union(newest[1]))))
    return {each.webhook_id or each.address_id or "": each for each in found}


def _to(receiver: Receiver) -> dict[str, str]:
    return {"webhook_id" if isinstance(receiver, Webhook) else "address_id": receiver.id}


def _is_for(event: OutboxEvent, receiver: Receiver) -> bool:
    skipped = Audience.PEOPLE if isinstance(receiver, Webhook) else Audience.PROGRAMS
    wanted = event.kind in receiver.kinds or event.kind == Kind.TEST.value
    return receiver.project_id == event.project_id and event.audience != skipped.value and wanted

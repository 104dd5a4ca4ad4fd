"""A copy that fails is told: at first, once a day, and when it is mended; what passes by itself isn't told at once."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import Kind, OutboxEvent
from models.telling.alerts import Alert
from rotation.copies.store import StoreError, Why
from rotation.telling.webhooks import page_of
from rotation.telling.words import words_of


def events(world) -> list[OutboxEvent]:
    with world.new_session() as session:
        found = select(OutboxEvent).where(OutboxEvent.kind == Kind.COPY_FAILED.value).order_by(OutboxEvent.at)
        return list(session.scalars(found))


@pytest.fixture
def refuse(shelf):
    def refusing(why: Why):
        def before(_name):
            raise StoreError(why, "No")

        shelf.before = before

    return refusing


def go_on_for(world, copying, seconds):
    end = world.clock.now().timestamp() + seconds
    while world.clock.now().timestamp() < end:
        copying.sweep()
        world.clock.advance(60)


def test_it_is_told_at_once_then_daily_then_when_mended(world, copying, shelf, refuse):
    copy_id = copying.add()
    refuse(Why.REFUSED)
    copying.sweep()
    (first,) = events(world)
    assert first.data["copy"]["destination"] == "shop"
    assert first.data["strategy"]["user_name"] == "billing-api"
    assert page_of(first) == f"/projects/payments/copies/{copying.row(copy_id).destination_id}"
    words = words_of(first, "https://keyturn.example.com")
    assert words.title == "[payments] shop: credential refused"
    assert "the key of billing-api" in words.body
    assert "Make a new one there" in words.body
    go_on_for(world, copying, 3600)
    assert len(events(world)) == 1
    world.clock.advance(86_400)
    copying.sweep()
    assert len(events(world)) == 2
    shelf.before = lambda _name: None
    go_on_for(world, copying, 3700)
    *_, mended = events(world)
    assert len(events(world)) == 3
    assert mended.data["mended"]
    assert words_of(mended, "").title == "[payments] shop: copied again"


@pytest.mark.parametrize("why", [Why.THROTTLED, Why.UNREACHABLE, Why.FAILED])
def test_what_passes_by_itself_is_told_only_once_it_lasts(world, copying, refuse, why):
    copying.add()
    refuse(why)
    go_on_for(world, copying, 240)
    assert events(world) == []
    go_on_for(world, copying, 600)
    assert len(events(world)) == 1


def test_a_copy_that_ends_is_no_ones_concern(world, copying, shelf, refuse):
    copy_id = copying.add()
    refuse(Why.REFUSED)
    copying.sweep()
    shelf.before = lambda _name: None
    with world.new_session() as session, session.begin():
        from models import Copy

        copy = session.get_one(Copy, copy_id)
        copy.removing_at = copy.next_at = world.clock.now()
    copying.sweep()
    with world.new_session() as session:
        assert session.scalar(select(Alert.id)) is None
    assert len(events(world)) == 1

"""What webhooks and addresses have both: a test, the log, sending again, the end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from models import AuditEntry, Delivery, NoticeAddress, OutboxEvent, Webhook
from models.telling.deliveries import Outcome
from tests.fake_clock import START
from tests.sql_count import statements
from tests.views.notifications.conftest import LIST


@pytest.fixture(params=["webhooks", "addresses"])
def base(request, webhook, address):
    return f"{LIST}/{request.param}/{webhook.id if request.param == 'webhooks' else address.id}"


def delivered(session, of, count=1, **columns):
    """So many deliveries to a webhook, each answered once."""
    answer = {"at": START.isoformat(), "status": 503, "said": "try <later>", "ok": False}
    values = {"webhook_id": of.id, "outcome": "waiting", "since": START, "next_at": START, "tries": 1}
    event = {"project_id": of.project_id, "kind": "rotation.failed", "audience": "all", "at": START, "spread_at": START}
    data = {"project": {"id": of.project_id, "name": "payments"}, "strategy": {"id": 1, "user_name": "billing-api"}}
    first = session.query(OutboxEvent).count()
    ids = [f"evt_{first + number}" for number in range(count)]
    session.execute(insert(OutboxEvent), [{"id": each, "data": data, **event} for each in ids])
    session.execute(insert(Delivery), [{"event_id": each, "answers": [answer], **values, **columns} for each in ids])
    session.commit()
    return session.query(Delivery).order_by(Delivery.id.desc()).first()


class TestSendATest:
    def test_works(self, bob_client, session, base):
        assert bob_client.post(f"{base}/test").headers["Location"] == f"{base}#log"
        delivery = session.query(Delivery).one()
        assert (delivery.event.kind, delivery.event.spread_at, delivery.next_at) == ("test", START, START)
        page = bob_client.get(base).text
        assert "On its way" in page
        assert f'hx-get="{base}/log"' in page
        assert "On its way" in bob_client.get(f"{base}/log").text

    def test_wrong_method(self, bob_client, base):
        assert bob_client.get(f"{base}/test").status_code == 405

    def test_a_stranger(self, charlie_client, session, base):
        assert charlie_client.post(f"{base}/test").status_code == 404
        assert charlie_client.get(f"{base}/log").status_code == 404
        assert not session.query(Delivery).count()


class TestLog:
    def test_tells_the_answer(self, bob_client, session, webhook):
        delivered(session, webhook)
        page = bob_client.get(f"{LIST}/webhooks/{webhook.id}").text
        assert "A rotation failed" in page
        assert "503" in page
        assert "try &lt;later&gt;" in page
        assert "Fails" in page
        assert "Fails" in bob_client.get(LIST).text
        assert f"{webhook.id}/log" not in page, "it asks for itself only while an answer is awaited"

    def test_older_ones(self, bob_client, session, webhook):
        newest = delivered(session, webhook, 60)
        page = bob_client.get(f"{LIST}/webhooks/{webhook.id}").text
        older = f"?before={newest.id - 49}#log"
        assert older in page
        assert ">Older<" not in bob_client.get(f"{LIST}/webhooks/{webhook.id}{older}").text

    @pytest.mark.parametrize(("before", "status"), [("x", 200), ("-1", 404), ("9" * 30, 404)])
    def test_bad_input(self, bob_client, session, webhook, before, status):
        assert bob_client.get(f"{LIST}/webhooks/{webhook.id}?before={before}").status_code == status

    def test_as_many_statements_for_a_thousand(self, app, bob_client, session, webhook):
        def count():
            pages = (LIST, f"{LIST}/webhooks/{webhook.id}")
            return [len(statements(app, lambda page=page: bob_client.get(page))) for page in pages]

        delivered(session, webhook, 10)
        few = count()
        delivered(session, webhook, 990)
        assert count() == few


class TestSendAgain:
    def test_works(self, bob_client, session, webhook, clock):
        delivery = delivered(session, webhook, outcome="given-up", next_at=None)
        clock.advance(timedelta(hours=4).total_seconds())
        response = bob_client.post(f"{LIST}/webhooks/{webhook.id}/deliveries/{delivery.id}/again")
        assert response.status_code == 303
        session.refresh(delivery)
        assert (delivery.outcome, delivery.since, delivery.next_at) == (Outcome.WAITING, clock.now(), clock.now())

    def test_anothers_delivery(self, bob_client, session, webhook, address):
        delivery = delivered(session, webhook)
        assert bob_client.post(f"{LIST}/addresses/{address.id}/deliveries/{delivery.id}/again").status_code == 404

    def test_wrong_method(self, bob_client, session, webhook):
        delivery = delivered(session, webhook)
        assert bob_client.get(f"{LIST}/webhooks/{webhook.id}/deliveries/{delivery.id}/again").status_code == 405

    def test_a_stranger(self, charlie_client, session, webhook):
        delivery = delivered(session, webhook, next_at=None)
        assert charlie_client.post(f"{LIST}/webhooks/{webhook.id}/deliveries/{delivery.id}/again").status_code == 404
        assert delivery.next_at is None


class TestDelete:
    def test_works(self, bob_client, session, base, webhook, address):
        delivered(session, webhook)
        assert "Delete " in bob_client.get(f"{base}/delete").text
        assert bob_client.post(f"{base}/delete").headers["Location"] == LIST
        assert bob_client.get(base).status_code == 404
        assert session.query(Webhook).count() + session.query(NoticeAddress).count() == 1
        told = [each.action for each in session.query(AuditEntry)]
        assert told in (["webhook.delete"], ["address.delete"])

    def test_wrong_method(self, bob_client, base):
        assert bob_client.put(f"{base}/delete").status_code == 405

    def test_a_stranger(self, charlie_client, session, base):
        assert charlie_client.get(f"{base}/delete").status_code == 404
        assert charlie_client.post(f"{base}/delete").status_code == 404
        assert session.query(Webhook).count() + session.query(NoticeAddress).count() == 2

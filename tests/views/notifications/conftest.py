from __future__ import annotations

import re

import pytest

from models import NoticeAddress, Webhook
from models.base import new_id
from models.telling.receivers import PEOPLE_KINDS, WEBHOOK_KINDS
from tests.fake_clock import START

LIST = "/projects/payments/notifications"
PLANTED = "mailtos://robot:planted-password@example.com?to=team@example.com"


def shown(response) -> str:
    """The secret that a page shows once."""
    return re.search(r"<pre tabindex=\"0\">(whsec_\S+)</pre>", response.text)[1]


@pytest.fixture
def webhook(session, keyring, payments):
    made = Webhook(
        id=new_id(), project_id=payments.id, name="deploys", url="https://example.com/hooks", created_at=START,
        created_by="bob", kinds=[kind.value for kind in WEBHOOK_KINDS],
    )  # fmt: skip
    made.give_secret(payments.sealing_key(keyring))
    session.add(made)
    session.commit()
    return made


@pytest.fixture
def address(session, keyring, payments):
    made = NoticeAddress(
        id=new_id(), project_id=payments.id, name="team", created_at=START, created_by="bob",
        kinds=[kind.value for kind in PEOPLE_KINDS],
    )  # fmt: skip
    made.set_url(payments.sealing_key(keyring), PLANTED)
    session.add(made)
    session.commit()
    return made

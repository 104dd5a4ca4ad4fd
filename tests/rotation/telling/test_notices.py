"""Messages to people, by Apprise to a real receiver."""

from __future__ import annotations

import json
import logging

import pytest

from models import Kind
from models.telling.deliveries import Outcome
from rotation.telling.services import SERVICES, address_problem

# Apprise imports all of its services at once, some of them old ones.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def gotify(receiver, token="planted-token") -> str:
    return f"gotify://127.0.0.1:{receiver.server.server_port}/{token}"


def last(telling):
    return telling.deliveries()[-1]


def test_a_failure_is_told_with_what_to_do(world, telling, receiver):
    receiver.answer = (200, b"{}", {})
    telling.address(gotify(receiver))
    world.aws.deny("create_key")
    rotation = world.rotate()
    assert telling.send() == 1
    told = json.loads(receiver.received[0].body)
    assert told["title"] == "[payments] billing-api: The manager may not call iam:CreateAccessKey on billing-api"
    assert "What to do: Paste the policy" in told["message"]
    assert f"https://keyturn.example.com/projects/payments/rotations/{rotation.id}" in told["message"]
    assert last(telling).outcome == Outcome.DELIVERED


def test_its_address_is_in_no_log(world, telling, receiver, caplog):
    caplog.set_level(logging.DEBUG)
    telling.address(gotify(receiver))
    for status in (200, 500):
        receiver.answer = (status, b"", {})
        telling.test()
    assert len(receiver.received) == 2
    assert "planted-token" in str(receiver.received[0].headers)
    assert "planted-token" not in caplog.text
    assert last(telling).last["said"] == "The service answered 500"


def test_a_private_address_is_refused_unless_an_administrator_allows_it(telling, receiver):
    telling.address(gotify(receiver), allows_private=False)
    telling.test()
    assert receiver.received == []
    assert last(telling).last["said"] == "127.0.0.1 is a private address, and no administrator has allowed it"


def test_an_address_that_is_incomplete_is_told_without_it(telling):
    telling.address("slack://planted-token")
    telling.test()
    assert last(telling).last["said"] == "Apprise doesn't take this address: a part is missing"


@pytest.mark.parametrize(
    "url",
    [
        "mailtos://robot:secret@example.com?to=team@example.com&from=robot@example.com",
        "slack://TokenA/TokenB/TokenC/#alerts", "MAILTO://robot:secret@example.com", "tgram://123:abc/456/?topic=7",
    ],
)  # fmt: skip
def test_what_may_be_told(url):
    assert address_problem(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "", "nowhere", "json://127.0.0.1/", "file:///etc/passwd", "syslog://", "dbus://", "slack:TokenA",
        "slack://a/b/c?template=/etc/passwd", "slack://a/b/c/#channel?template=/etc/passwd",
        "slack://a/b/c?to=x&TEMPLATE=/etc/passwd", "slack://a/b/c?to=x;template=y", "slack://a/b/c?%74emplate=/etc/passwd",
        "slack://a/b/c?to=x?template=y", "mailtos://a:b@example.com?verify=no", "mailtos://a:b@example.com?pgppub=/etc/x",
        "gotify://example.com/a?+X-Header=b", "slack://" + "a" * 2000, "slack://a/b\nc",
    ],
)  # fmt: skip
def test_what_may_not(url):
    problem = address_problem(url)
    assert problem
    assert "/etc/passwd" not in problem


def test_apprise_knows_each_service():
    from apprise.manager_plugins import NotificationManager

    assert SERVICES.keys() - NotificationManager().schemas() == set()


def test_a_test_is_for_people_too(telling, receiver):
    receiver.answer = (200, b"{}", {})
    telling.address(gotify(receiver), kinds=[Kind.KEY_OLD.value])
    telling.test()
    assert b"alice sent it" in receiver.received[0].body

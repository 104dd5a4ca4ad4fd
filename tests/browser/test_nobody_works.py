"""While Redis or all workers are down, Rotate is written down, the pages say so, and it heals by itself."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest
from playwright.sync_api import expect
from rq import Worker

from jobs.queue import connect
from practice.seed import PracticeAws
from tests.browser.installation import Installation
from tests.browser.screen import Screen
from tests.practice_aws import new_name
from tests.processes.processes import family, wait_for


@pytest.fixture(scope="module")
def project(office: Installation) -> str:
    return office.make_project("night")


def kill_redis(office: Installation) -> None:
    (redis,) = (process for process in family(office.process.pid) if "redis" in process.name())
    redis.kill()
    wait_for(lambda: redis.status() == psutil.STATUS_ZOMBIE, "the end of Redis")


def end_worker(office: Installation) -> None:
    (worker,) = Worker.all(connection=connect(office.config.redis))
    process = psutil.Process(worker.pid)
    process.terminate()
    wait_for(lambda: process.status() == psutil.STATUS_ZOMBIE, "the end of the worker")


@contextmanager
def nobody_restarts(office: Installation) -> Iterator[None]:
    """Hold the supervisor."""
    office.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        office.process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize(
    ("end", "said", "footer"),
    [
        (end_worker, "No worker runs.", "No worker running"),
        # Last: Redis comes back with the worker that it lost, and counts it for up to a minute.
        (kill_redis, "The queue can't be reached.", "Queue unreachable"),
    ],
)
def test_a_rotate_waits_until_somebody_works(
    end: Callable[[Installation], None],
    said: str,
    footer: str,
    ana: Screen,
    office: Installation,
    practice: PracticeAws,
    project: str,
):
    target, manager, page = practice.make_target(new_name("owl")), practice.make_manager(new_name("manager")), ana.page
    strategy = office.make_strategy("night", target, manager)
    page.goto(f"{project}/strategies?q={target.user_name}")
    ana.stay()
    with nobody_restarts(office):
        end(office)
        page.get_by_role("button", name=f"Rotate {target.user_name}").click()
        expect(page.locator(".kt-why")).to_contain_text(f"{said} The rotation is written down and starts by itself")
        ana.look(f"strategies-list-{end.__name__}")
        with page.expect_popup() as other:
            page.evaluate("address => window.open(address)", f"{project}/strategies/{strategy}")
        expect(other.value.locator(".kt-msg-warn")).to_contain_text("starts by itself")
        expect(other.value.get_by_role("contentinfo")).to_contain_text(footer)
        expect(other.value.get_by_role("complementary", name="System")).to_contain_text("Programs keep reading.")
        other.value.close()
    expect(page.get_by_role("row", name=target.user_name)).to_contain_text("Up to date")
    assert ana.stayed()
    assert office.caller(office.published(target.user_name)).endswith(target.user_name)

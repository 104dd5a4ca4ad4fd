"""The job of a rotation goes on with those that wait, and not for long."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from jobs import rotate
from rotation.many.turns import Turn
from tests.jobs.test_courier import queued


@pytest.fixture
def worked(monkeypatch, redis):
    """What is worked on, in order: from any of them on three more wait."""
    done = []

    def work(_tools_of, _courier, wanted):
        done.append(wanted)
        return Turn(wanted + 1, 1, 0) if len(done) < 4 else None

    monkeypatch.setattr(rotate, "runtime", lambda: SimpleNamespace(redis=redis))
    monkeypatch.setattr(rotate, "_work", work)
    return done


def test_it_goes_on_with_those_that_wait(worked, courier):
    rotate.rotate(7)
    assert worked == [7, 8, 9, 10]
    assert queued(courier) == []


def test_other_work_has_its_turn_after_a_while(worked, courier, monkeypatch):
    monkeypatch.setattr(rotate, "_TURN_S", 0)
    rotate.rotate(7)
    assert worked == [7]
    assert queued(courier) == [("jobs.rotate.rotate", [8])]

"""AWS SDKs as they are, in every way to get credentials, through many rotations: AWS refuses no call."""

from __future__ import annotations

import os
import time

import pytest

from models import HandsOut
from tests.processes.processes import wait_for
from tests.sdk.desk import PACE_MS, Desk
from tests.sdk.office import office

ROTATIONS = int(os.environ.get("SDK_ROTATIONS", "20"))
WITHIN_S = 60 * ROTATIONS


@pytest.fixture(scope="module")
def at():
    with office() as made:
        yield made


@pytest.fixture(scope="module")
def desks(at, tmp_path_factory):
    """Programs that have been at work through all rotations."""
    folder = tmp_path_factory.mktemp("desks")
    made: dict[HandsOut, Desk] = {}
    try:
        for hands_out in HandsOut:
            made[hands_out] = Desk(folder / hands_out.value, at, hands_out)
        _rotate(at)
        time.sleep(max(PACE_MS.values()) / 1000)
    finally:
        for desk in made.values():
            desk.close()
    return made


def _rotate(at):
    begun = {each: at.rotations(each) for each in HandsOut}
    for number in range(1, ROTATIONS + 1):
        wanted = {each: begun[each] + number for each in HandsOut}
        wait_for(lambda: all(at.rotations(each) >= wanted[each] for each in HandsOut), "rotations", WITHIN_S)  # noqa: B023
        if number % 7 == 3:
            at.restart_web()
        if number % 7 == 6:
            at.flush_redis()


@pytest.mark.parametrize("hands_out", list(HandsOut))
@pytest.mark.parametrize("way", ["endpoint", "agent", "process"])
def test_no_call_is_refused(at, desks, hands_out, way):
    programs = {name: program for (each, name), program in desks[hands_out].programs.items() if each == way}
    assert programs
    away = [] if way == "agent" else at.away
    found = {name: program.refused() + program.failed(away) for name, program in programs.items()}
    assert {name: texts[:3] for name, texts in found.items() if texts} == {}
    assert min(program.accepted() for program in programs.values()) >= 5

"""A script has a key rotated, and watches it."""

from __future__ import annotations

import json
import time

import pytest

from models import Rotation, RotationStrategy
from models.programs.token import TokenStrategy
from tests.processes.processes import wait_for


@pytest.fixture
def may_rotate(served):
    with served.session() as session:
        session.query(TokenStrategy).one().rotates = True
        session.commit()


@pytest.mark.usefixtures("may_rotate")
class TestWithTheRight:
    def running(self, served):
        with served.session() as session:
            return session.query(Rotation).filter(Rotation.ended_at.is_(None)).count()

    def test_the_steps_are_told_as_they_come(self, machine, served):
        before = served.pair_in_secrets()
        run = machine.start("rotate", served.user, "--wait", "--json")
        served.work_until(lambda: run.process.poll() is not None)
        *steps, whole = run.end().splitlines()
        assert run.process.returncode == 0
        assert [step.partition(":")[0] for step in steps] == ["claim", "make-room", "create", "verify", "publish"]
        told = json.loads(whole)
        assert (told["state"], told["requested_by"]) == ("succeeded", "token:billing")
        assert served.pair_in_secrets()["AWS_ACCESS_KEY"] == told["access_key_id"] != before["AWS_ACCESS_KEY"]

    def test_why_it_waits_is_told(self, machine, served):
        with served.session() as session:
            session.get_one(RotationStrategy, served.strategy_id).grace_s = 3600
            session.commit()
        for _ in range(2):
            run = machine.start("rotate", served.user, "--wait", "--timeout", "5")
            served.work_until(lambda run=run: run.process.poll() is not None)
        assert "old_key_in_grace: Waiting, for the old key to retire" in run.end()
        assert run.process.returncode == 5

    def test_a_failure_has_a_code_of_its_own(self, machine, served):
        served.aws.fail("deny", "CreateAccessKey", times=0)
        run = machine.start("rotate", str(served.strategy_id), "--wait")
        served.work_until(lambda: run.process.poll() is not None)
        assert "iam:CreateAccessKey" in run.end()
        assert run.process.returncode == 6

    def test_an_outage_of_the_server_meanwhile_is_waited_out(self, machine, served):
        run = machine.start("rotate", served.user, "--wait", "--json")
        wait_for(lambda: self.running(served), "the rotation")
        time.sleep(1)  # it is answered and watched
        served.stop()
        assert "The rotation goes on" in run.line("doesn't answer")
        served.start()
        served.work_until(lambda: run.process.poll() is not None)
        assert json.loads(run.end().splitlines()[-1])["state"] == "succeeded"
        assert run.process.returncode == 0

    def test_who_waits_too_long_is_told_that_it_goes_on(self, machine, served):
        result = machine.keyturn("rotate", str(served.strategy_id), "--wait", "--timeout", "1")
        assert (result.returncode, "goes on: queued" in result.stderr) == (5, True)


def test_without_the_right(machine, served):
    result = machine.keyturn("rotate", str(served.strategy_id))
    assert (result.returncode, result.stderr[:16]) == (3, "Error: Refused: ")


def test_a_user_that_the_token_does_not_reach(machine, served):
    result = machine.keyturn("rotate", "nobody")
    assert (result.returncode, "reaches no strategies of 'nobody'" in result.stderr) == (1, True)


def test_the_state_of_what_it_reaches(machine, served):
    told = machine.keyturn("status").stdout
    assert "token billing for production:/" in told
    assert f"{served.strategy_id}  {served.user}: " in told
    assert json.loads(machine.keyturn("status", "--json").stdout)["strategies"][0]["user_name"] == served.user

"""The agent as a process, and programs with nothing but boto3 behind it."""

from __future__ import annotations

import json
import signal
import stat
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import boto3
import psutil
import pytest

from models import HandsOut, ServiceToken
from tests.api.served import Served
from tests.api.test_real_boto3 import Program
from tests.client.conftest import Machine
from tests.processes.processes import Run, wait_for

ROTATIONS = 2


class Agent:
    """The agent and what it wrote."""

    def __init__(self, machine: Machine, served: Served) -> None:
        self.folder = machine.home / "agent"
        self.folder.mkdir()
        self.file, self.profiles = self.folder / "app.env", self.folder / "credentials"
        self.hooks = self.folder / "hooks"
        self.settings = self.folder / "agent.toml"
        self.text = f"""
            listen = "127.0.0.1:0"
            credentials_file = "{self.profiles}"
            [[strategy]]
            number = {served.strategy_id}
            profile = "billing"
            [[file]]
            path = "{self.file}"
            mode = "0640"
            run = ["sh", "-c", "echo changed >> {self.hooks}"]
        """
        self.settings.write_text(self.text)
        token = self.folder / "agent.token"
        self.run: Run = machine.start("agent", "--config", str(self.settings), "--token-file", str(token))
        self.url = self.run.line("AWS_CONTAINER_CREDENTIALS_FULL_URI=").partition("=")[2]
        self.token_file = Path(self.run.line("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=").partition("=")[2])
        wait_for(lambda: served.work() or self.status() == 200, "the first credentials")

    def ask(self, url: str | None = None, **headers: str) -> dict[str, str]:
        """What a program is told."""
        sent = {"Authorization": self.token_file.read_text(), **headers}
        request = urllib.request.Request(url or self.url, headers=sent)  # noqa: S310 - the agent's own address
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310
            return json.load(response)

    def status(self, url: str | None = None, **headers: str) -> int:
        """The status that a program gets."""
        try:
            self.ask(url, **headers)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        return 200


@pytest.fixture
def agent(machine, served):
    return Agent(machine, served)


@pytest.mark.parametrize("life_s", [4])
@pytest.mark.parametrize("hands_out", list(HandsOut))
def test_no_call_is_refused_and_all_is_kept_up_to_date(served, agent, environment, hands_out):
    served.aws.set(propagation_s=[0, 0.5])
    environment.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url)
    environment.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(agent.token_file))
    programs = [Program(served.aws, keeps=False), Program(served.aws, keeps=True)]
    for program in programs:
        program.start()
    for _ in range(ROTATIONS):
        served.rotate()
        served.work()
    pair = served.pair_in_secrets()
    expected = "".join(f"{name}='{value}'\n" for name, value in pair.items())
    wait_for(lambda: agent.file.read_text() == expected, "the rendered file")
    if hands_out is HandsOut.KEY:
        wait_for(lambda: agent.ask()["AccessKeyId"] == pair["AWS_ACCESS_KEY"], "the new key at the endpoint")
    for program in programs:
        program.stop.set()
        program.join()
        assert program.refused == []
        assert len(program.calls) >= ROTATIONS
    assert len(agent.hooks.read_text().splitlines()) >= ROTATIONS + 1
    assert stat.S_IMODE(agent.file.stat().st_mode) == 0o640
    environment.setenv("AWS_SHARED_CREDENTIALS_FILE", str(agent.profiles))
    session = boto3.Session(profile_name="billing", region_name=served.aws.region)
    sts = session.client("sts", endpoint_url=served.aws.endpoint_url)
    assert sts.get_caller_identity()["Arn"].endswith(served.user)


def test_who_may_not_is_refused(agent, served):
    assert agent.status(Authorization="kt_wrong") == 401
    assert agent.status(Authorization=served.token) == 401
    assert agent.status(agent.url.rpartition("/")[0] + "/999") == 404
    assert agent.status(Host="rebound.example.com") == 403
    assert stat.S_IMODE(agent.folder.joinpath("agent.token").stat().st_mode) == 0o600


def test_the_file_is_read_anew_at_sighup(agent):
    agent.settings.write_text("nonsense")
    agent.run.process.send_signal(signal.SIGHUP)
    agent.run.line("The agent goes on as before.")
    other = agent.folder / "other.json"
    agent.settings.write_text(f'{agent.text}\n[[file]]\npath = "{other}"\nformat = "json"')
    agent.run.process.send_signal(signal.SIGHUP)
    agent.run.line("was read anew")
    wait_for(other.exists, "the other file")
    assert agent.status() == 200, "it went on with what it had"


def test_it_ends_when_told_to_and_writes_no_value(agent, served):
    own = agent.token_file.read_text()
    written = agent.run.end(signal.SIGTERM)
    assert agent.run.process.returncode == 0
    for value in (served.pair_in_secrets()["AWS_SECRET_ACCESS_KEY"], served.token, own):
        assert value not in written


def test_a_revoked_token_has_nothing_more(agent, served):
    with served.session() as session:
        session.query(ServiceToken).one().revoked_at = served.clock.now()
        session.commit()
    agent.run.process.send_signal(signal.SIGHUP)
    wait_for(lambda: agent.status() == 503, "the end of its credentials")
    agent.run.line("Refused: ")


@pytest.mark.parametrize("life_s", [4])
def test_it_goes_on_while_the_server_is_away_as_long_as_the_server_honours_it(agent, served):
    served.stop()
    told = agent.ask()
    wait_for(lambda: agent.status() == 503, "the end of what was handed out")
    assert datetime.now(UTC) >= datetime.fromisoformat(told["Expiration"])
    agent.run.line(f"Programs go on with {told['AccessKeyId']} until {told['Expiration']}.")
    served.start()
    wait_for(lambda: served.work() or agent.status() == 200, "credentials once it is back")
    agent.run.line("works again")


def test_a_port_that_is_taken_is_told(machine, served, agent):
    port = agent.url.split(":")[2].partition("/")[0]
    other = machine.home / "other.toml"
    other.write_text(f'listen = "127.0.0.1:{port}"\n[[strategy]]\nnumber = 1')
    result = machine.keyturn("agent", "--config", str(other), "--token-file", str(agent.token_file))
    assert (result.returncode, "can't be listened on: Address already in use" in result.stderr) == (1, True)


def test_the_unit_for_systemd(machine):
    unit = machine.keyturn("agent", "--systemd-unit").stdout
    assert "ExecStart=keyturn agent" in unit
    assert "ExecReload=/bin/kill -HUP $MAINPID" in unit
    lines = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line and not line.startswith("#"))
    kept = f"/var/lib/{lines['StateDirectory']}/"
    assert f"--token-file {kept}" in lines["ExecStart"], "it outlives the agent, so that programs keep what they know"


def test_it_is_small(agent):
    """Issue 5's figure; `make bench` prints it."""
    assert psutil.Process(agent.run.process.pid).memory_info().rss < 40e6

"""A person or a script at the machine of a program reads what its token reaches."""

from __future__ import annotations

import json
import stat

import pytest

from models import HandsOut, Project, SharedSession
from models.secret import create_secret
from tests.client.test_formats import VALUES


def test_get_prints_the_value_and_nothing_else(machine, served):
    result = machine.keyturn("get", "AWS_ACCESS_KEY")
    assert (result.stdout, result.stderr, result.returncode) == (served.pair_in_secrets()["AWS_ACCESS_KEY"], "", 0)
    told = json.loads(machine.keyturn("get", "AWS_ACCESS_KEY", "--json").stdout)
    assert (told["path"], told["version"]) == ("/", 2)


def test_export_is_of_one_moment_in_each_format(machine, served):
    pair = served.pair_in_secrets()
    assert json.loads(machine.keyturn("export", "--json").stdout) == pair
    assert machine.keyturn("export", "AWS_ACCESS_KEY").stdout == f"AWS_ACCESS_KEY='{pair['AWS_ACCESS_KEY']}'\n"
    path = machine.home / "app.env"
    assert machine.keyturn("export", "--format", "docker", "--output", str(path)).returncode == 0
    assert path.read_text().splitlines() == [f"{name}={value}" for name, value in pair.items()]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_run_has_them_in_its_environment_and_ends_as_the_command_does(machine, served):
    script = 'echo "$AWS_ACCESS_KEY ${KEYTURN_TOKEN-none} $1"; exit 7'
    result = machine.keyturn("run", "--", "sh", "-c", script, "sh", "--flag")
    assert result.stdout == f"{served.pair_in_secrets()['AWS_ACCESS_KEY']} none --flag\n"
    assert (result.stderr, result.returncode) == ("", 7)


def test_run_starts_a_watched_command_anew(machine, served):
    run = machine.start("run", "--watch", "--", "sh", "-c", 'echo "has $AWS_ACCESS_KEY."; exec sleep 60')
    run.line(f"has {served.pair_in_secrets()['AWS_ACCESS_KEY']}.")
    served.rotate()
    run.line(f"has {served.pair_in_secrets()['AWS_ACCESS_KEY']}.")


def test_run_signals_a_watched_command(machine, served):
    script = 'trap "echo changed; exit 3" USR1; echo ready; while :; do sleep 0.1; done'
    run = machine.start("run", "--watch", "--signal", "usr1", "--", "sh", "-c", script)
    run.line("ready")
    served.rotate()
    run.line("changed")
    run.end()
    assert run.process.returncode == 3


@pytest.mark.parametrize("hands_out", list(HandsOut))
def test_credentials_are_what_credential_process_wants(machine, served, hands_out):
    result = machine.keyturn("credentials", str(served.strategy_id))
    told = json.loads(result.stdout)
    assert (result.stderr, told["Version"]) == ("", 1)
    assert told["Expiration"].endswith("Z")
    assert ("SessionToken" in told) == (hands_out is HandsOut.SESSION)
    if hands_out is HandsOut.KEY:
        assert told["AccessKeyId"] == served.pair_in_secrets()["AWS_ACCESS_KEY"]


class TestProblems:
    @pytest.mark.parametrize(
        ("argv", "code", "told"),
        [
            (["get", "NOTHING"], 3, "Refused: "),
            (["credentials", "999"], 3, "Refused: "),
            (["get"], 2, "Missing argument"),
            (["run", "--", "/no/such/command"], 1, "/no/such/command: No such file"),
            (["run", "--signal", "hup", "--", "true"], 2, "--signal needs --watch"),
        ],
    )
    def test_what_can_not_be(self, machine, served, argv, code, told):
        result = machine.keyturn(*argv)
        assert result.returncode == code
        assert told in result.stderr
        assert served.token not in result.stderr
        assert result.stdout == ""

    def test_not_ready_is_told_apart(self, machine, served):
        with served.session() as session:
            session.query(SharedSession).delete()
            session.commit()
        result = machine.keyturn("credentials", str(served.strategy_id))
        assert (result.returncode, result.stderr[:17]) == (5, "Error: Not ready:")

    def test_a_server_that_is_away_is_told_apart(self, machine):
        machine.env |= {"KEYTURN_URL": "http://127.0.0.1:1", "KEYTURN_TOKEN": "kt_any"}
        result = machine.keyturn("get", "A")
        assert result.returncode == 4
        assert "http://127.0.0.1:1 doesn't answer: " in result.stderr
        assert "Traceback" not in result.stderr

    def test_without_a_login(self, machine):
        result = machine.keyturn("get", "A")
        assert (result.returncode, "keyturn login URL" in result.stderr) == (1, True)


def test_a_value_with_every_kind_of_character(machine, served):
    with served.session() as session:
        project = session.query(Project).one()
        for name, value in VALUES.items():
            create_secret(
                session, project.sealing_key(served.keyring), environment=project.environments[2], path="/odd",
                name=name, value=value.encode(), now=served.clock.now(), author="alice",
            )  # fmt: skip
        session.commit()
    told = json.loads(machine.keyturn("export", "--json", "--path", "/odd").stdout)
    assert told == dict(sorted(VALUES.items()))

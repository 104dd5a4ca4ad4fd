"""How practice AWS starts, whom it listens to, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from practice.behaviour import Behaviour
from practice.layer import Layer
from practice.server import NotLoopback, PracticeServer
from tests.practice_aws import ROOT


def asked(url, data=None, **headers):
    """The status and the text of an answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data=data, headers=named)  # noqa: S310 - practice AWS's own address
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "practice.example.com"])  # noqa: S104 - is refused
def test_it_listens_on_loopback_only(host):
    with pytest.raises(NotLoopback, match=host):
        PracticeServer(Layer(Behaviour()), host)


def test_it_says_why_it_does_not_start():
    command = [sys.executable, "-m", "practice", "--host", "0.0.0.0"]  # noqa: S104 - is refused
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "listens on loopback only" in ended.stderr


@pytest.mark.parametrize("values", [{"propagation_s": [5, 1]}, {"replicas": 0}, {"latency_s": -1}, {"latency": 1}])
def test_a_behaviour_that_cannot_be_is_refused(values):
    behaviour = Behaviour()
    with pytest.raises(ValueError, match=r"propagation_s|replicas|latency"):
        behaviour.change(values)
    assert behaviour == Behaviour()


def test_it_says_where_it_is_and_ends_when_told(tmp_path):
    ready_file = tmp_path / "ready.json"
    command = [sys.executable, "-W", "error", "-m", "practice", "--ready-file", str(ready_file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        said = process.stdout.readline()
        facts = json.loads(ready_file.read_text())
        process.terminate()
        rest, errors = process.communicate(timeout=30)
    assert facts["endpoint_url"] in said
    assert facts["root"]["secret_access_key"] not in said + rest + errors
    assert (process.returncode, rest, errors) == (0, "", "")
    assert ready_file.stat().st_mode & 0o777 == 0o600


def test_a_request_without_a_signature_is_refused(practice):
    status, text = asked(practice.endpoint_url, b"Action=ListUsers&Version=2010-05-08")
    assert status == 403
    assert "MissingAuthenticationToken" in text


def test_motos_own_switches_are_out_of_reach(practice):
    assert asked(f"{practice.endpoint_url}/moto-api/reset", b"")[0] == 403


def test_a_page_of_another_site_cannot_switch_anything(practice):
    status, _ = asked(f"{practice.endpoint_url}/practice/faults", b'{"kind": "drop"}', Content_Type="text/plain")
    assert status == 415
    assert practice.faults() == []


def test_an_unknown_route_is_told(practice):
    assert asked(f"{practice.endpoint_url}/practice/nothing")[0] == 404


def test_a_switch_that_is_not_there_is_told_with_those_that_are(practice):
    with pytest.raises(ValueError, match="no latency; there are deletion_s, hides_unknown_keys"):
        practice.set(latency=1)

"""The lines to copy are what each tool reads."""

from __future__ import annotations

import configparser
import tomllib

import yaml

from keyturn.agent.settings import Kept, read_settings
from views.shown.handover.lines import places

URL = "https://keyturn.example.com"
ADDRESS = f"{URL}/v1/credentials/7"


def found(where):
    """The text of the lines for this file."""
    (lines,) = [each for place in places(URL, 7, "billing-api") for each in place.lines if each.where == where]
    return lines.text


def test_the_agent_reads_its_file(tmp_path):
    path = tmp_path / "agent.toml"
    path.write_text(found("agent.toml"))
    assert read_settings(path).strategies == (Kept(7, "billing-api"),)
    assert tomllib.loads(found("agent.toml"))


def test_the_profile_and_the_unit_have_sections():
    profile, unit = configparser.ConfigParser(), configparser.RawConfigParser(strict=False)
    profile.read_string(found("~/.aws/config"))
    assert profile["profile billing-api"]["credential_process"] == "keyturn credentials 7"
    unit.read_string(found("In the unit"))
    assert unit["Service"]["loadcredential"] == "keyturn-token:/etc/keyturn/token"
    assert f"Environment=AWS_CONTAINER_CREDENTIALS_FULL_URI={ADDRESS}\n" in found("In the unit")


def test_compose_and_kubernetes_read_yaml():
    compose = yaml.safe_load(found("compose.yaml"))
    program = compose["services"]["program"]
    assert program["environment"]["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == ADDRESS
    assert program["secrets"] == list(compose["secrets"])
    env = yaml.safe_load(found("In the container"))["env"]
    assert [each["name"] for each in env] == ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    assert env[1]["valueFrom"]["secretKeyRef"] == {"name": "keyturn-token", "key": "token"}

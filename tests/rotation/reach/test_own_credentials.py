"""The machine's own credentials: found as botocore finds them, and only where they may be lent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.credentials import RefreshableCredentials
from botocore.session import Session

from rotation.aws import credentials
from rotation.aws.iam import AwsIam
from rotation.errors import RotationError
from rotation.reach.access import Access, Role
from rotation.setup.policy import trust_policy
from tests.practice_aws import new_name


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine without credentials; returns how to set its environment."""
    monkeypatch.setattr(credentials, "_LENT", [])
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return monkeypatch.setenv


@pytest.fixture
def manager(practice):
    return practice.make_manager(new_name("keyturn-manager"))


@pytest.fixture
def access(practice):
    return Access(None, practice.region, practice.endpoint_url, may_lend=True)


def code_of(access, method="identify", *arguments):
    with pytest.raises(RotationError) as raised:
        getattr(AwsIam(access), method)(*arguments)
    return raised.value.code


def lend(machine, pair):
    machine("AWS_ACCESS_KEY_ID", pair.access_key_id)
    machine("AWS_SECRET_ACCESS_KEY", pair.secret_access_key)


def test_the_environments_key_serves_where_it_may(machine, manager, access):
    lend(machine, manager.key)
    assert AwsIam(access).identify().user_name == manager.user_name


def test_a_profile_serves_too(machine, manager, access, tmp_path):
    pair = manager.key
    (tmp_path / "credentials").write_text(
        f"[keyturn]\naws_access_key_id={pair.access_key_id}\naws_secret_access_key={pair.secret_access_key}\n"
    )
    machine("AWS_PROFILE", "keyturn")
    assert AwsIam(access).identify().user_name == manager.user_name


def test_what_may_not_be_lent_is_not_even_looked_for(machine, manager, practice):
    lend(machine, manager.key)
    practice.clear_calls()
    mine = Access(None, practice.region, practice.endpoint_url)
    assert code_of(mine) == "own_not_allowed"
    assert code_of(mine, "create_key", "billing-api") == "own_not_allowed"
    assert practice.calls() == []


def test_a_role_is_assumed_by_them_only_where_they_may_be_lent(machine, practice, access, manager):
    lend(machine, manager.key)
    trust = trust_policy(f"arn:aws:iam::{practice.account_id}:user/{manager.user_name}", "keyturn-x")
    role = Role(practice.make_role(new_name("keyturn-role"), trust), "keyturn-x", "keyturn-check")
    may = Access(None, access.region, access.endpoint_url, role=role, may_lend=True)
    assert AwsIam(may).identify().resource == role.arn.rpartition(":")[2]
    assert code_of(Access(None, access.region, access.endpoint_url, role=role)) == "own_not_allowed"


def test_a_machine_without_any_says_so(machine, access):
    assert code_of(access) == "no_own_credentials"
    assert code_of(access, "create_key", "billing-api") == "no_own_credentials"


def test_a_profile_that_is_not_there_is_told(machine, access):
    machine("AWS_PROFILE", "nowhere")
    assert code_of(access) == "no_own_credentials"


def test_what_renews_itself_is_kept_and_renewed(machine, manager, access, monkeypatch):
    pair, asked = manager.key, []

    def fetch():
        asked.append(1)
        soon = datetime.now(UTC) + timedelta(seconds=1)  # due for renewal at once
        return {
            "access_key": pair.access_key_id, "secret_key": pair.secret_access_key, "token": None,
            "expiry_time": soon.isoformat(),
        }  # fmt: skip

    found = RefreshableCredentials.create_from_metadata(fetch(), fetch, "instance")
    looked = []
    monkeypatch.setattr(Session, "get_credentials", lambda _: looked.append(1) or found)
    for _ in range(2):
        AwsIam(access).identify()
    assert len(looked) == 1
    assert len(asked) > 2

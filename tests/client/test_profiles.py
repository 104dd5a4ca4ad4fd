"""The agent's profiles in AWS's credentials file, beside everybody else's."""

from __future__ import annotations

import stat

import boto3

from keyturn.agent.profiles import keep_profiles, with_profiles
from keyturn.handed import Handed

SESSION = Handed("ASIAEXAMPLE000000001", "an example's secret", "an example's token", "2026-11-24T12:00:00Z")
KEY = Handed("AKIAEXAMPLE000000002", "another example's secret", "", "2026-11-24T12:00:00Z")

OTHERS = """# mine
[default]
aws_access_key_id = AKIAEXAMPLE000000009
aws_secret_access_key = untouched

[billing] ; ours
region = eu-central-1
aws_access_key_id=AKIAEXAMPLE000000008
aws_secret_access_key=old
aws_session_token=old
# a comment
[other]
aws_session_token = untouched"""


def test_only_its_own_lines_change():
    assert with_profiles(OTHERS, {"billing": KEY}) == OTHERS.replace(
        "[billing] ; ours\n", "[billing] ; ours\naws_access_key_id = AKIAEXAMPLE000000002\n"
        "aws_secret_access_key = another example's secret\n",
    ).replace(
        "aws_access_key_id=AKIAEXAMPLE000000008\naws_secret_access_key=old\naws_session_token=old\n", ""
    )  # fmt: skip


def test_again_changes_nothing():
    once = with_profiles(OTHERS, {"billing": KEY, "new": SESSION})
    assert with_profiles(once, {"billing": KEY, "new": SESSION}) == once


def test_boto3_reads_what_is_kept(tmp_path, monkeypatch):
    path = tmp_path / "aws" / "credentials"
    keep_profiles(path, {"billing": SESSION, "a b": KEY})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    for name, handed in (("billing", SESSION), ("a b", KEY)):
        found = boto3.Session(profile_name=name).get_credentials()
        assert (found.access_key, found.secret_key, found.token or "") == (
            handed.access_key_id, handed.secret_access_key, handed.session_token,
        )  # fmt: skip


def test_a_file_that_is_right_is_not_written(tmp_path):
    path = tmp_path / "credentials"
    keep_profiles(path, {"billing": KEY})
    before = path.stat().st_ino
    keep_profiles(path, {"billing": KEY})
    assert path.stat().st_ino == before

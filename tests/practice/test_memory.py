"""Practice AWS that dies and starts again."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager

from practice.seed import PracticeAws
from tests.practice_aws import ROOT


@contextmanager
def running(folder):
    """Practice AWS with a state file. In the end it is killed."""
    ready_file = folder / "ready.json"
    files = ("--ready-file", str(ready_file), "--state-file", str(folder / "state"))
    command = [sys.executable, "-m", "practice", *files]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert "listens" in process.stdout.readline()
        try:
            yield PracticeAws.from_ready_file(ready_file)
        finally:
            process.kill()


def test_keys_and_permissions_outlive_it(tmp_path):
    with running(tmp_path) as before:
        manager = before.make_manager("key-manager", path="/ops/")
        target = before.make_target("billing-api")
        before.client("sts", target.key).get_caller_identity()
        before.make_target("log-shipper")  # what is kept is kept at a change
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o600
    with running(tmp_path) as after:
        used = after.iam.get_access_key_last_used(AccessKeyId=target.key.access_key_id)["AccessKeyLastUsed"]
        assert used["ServiceName"] == "sts"
        assert "billing-api" in after.client("sts", target.key).get_caller_identity()["Arn"]
        after.client("iam", manager.key).delete_access_key(UserName="billing-api", AccessKeyId=target.key.access_key_id)
        assert after.iam.list_access_keys(UserName="billing-api")["AccessKeyMetadata"] == []

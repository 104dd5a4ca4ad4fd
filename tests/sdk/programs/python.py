"""boto3."""

from __future__ import annotations

import boto3
from told import call_on

client = boto3.client("sts")
call_on(client.get_caller_identity)

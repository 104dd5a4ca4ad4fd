"""The AWS SDK for Rust, in icechunk."""

from __future__ import annotations

import os

import icechunk
from told import call_on

storage = icechunk.s3_storage(
    bucket="a-bucket", prefix="a-prefix", region=os.environ["AWS_REGION"], endpoint_url=os.environ["AWS_ENDPOINT_URL"],
    allow_http=True, force_path_style=True, from_env=True,
)  # fmt: skip
call_on(lambda: icechunk.Repository.exists(storage))

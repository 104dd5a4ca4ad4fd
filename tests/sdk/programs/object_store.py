"""Rust's object_store, in obstore."""

from __future__ import annotations

import os

import obstore
from obstore.store import S3Store
from told import call_on

store = S3Store(
    "a-bucket", endpoint=os.environ["AWS_ENDPOINT_URL"], region=os.environ["AWS_REGION"],
    client_options={"allow_http": True},
)  # fmt: skip
call_on(lambda: list(obstore.list(store)))

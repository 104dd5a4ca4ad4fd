"""A request as AWS reads it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")

# By method, and whether the path names a bucket and an object.
_S3_ACTIONS = {
    ("GET", False, False): "s3:ListAllMyBuckets",
    ("GET", True, False): "s3:ListBucket",
    ("HEAD", True, False): "s3:ListBucket",
    ("PUT", True, False): "s3:CreateBucket",
    ("DELETE", True, False): "s3:DeleteBucket",
    ("GET", True, True): "s3:GetObject",
    ("HEAD", True, True): "s3:GetObject",
    ("PUT", True, True): "s3:PutObject",
    ("DELETE", True, True): "s3:DeleteObject",
}


# What they ask is JSON, with the action in a header: `AmazonSSM.PutParameter`.
JSON_SERVICES = frozenset({"secretsmanager", "ssm"})


@dataclass(frozen=True)
class Request:
    """One HTTP request. `target` is path and query as sent; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @cached_property
    def _credential(self) -> dict[str, str]:
        found = _CREDENTIAL.search(self.headers.get("authorization", ""))
        return found.groupdict() if found else {"key": "", "region": "us-east-1", "service": ""}

    @property
    def access_key_id(self) -> str:
        """The key that signs, or an empty string when none does."""
        return self._credential["key"]

    @property
    def region(self) -> str:
        """The region of the signature's scope."""
        return self._credential["region"]

    @property
    def service(self) -> str:
        """The service of the signature's scope: `iam`, `sts`, `s3`, one of JSON_SERVICES, or another one."""
        return self._credential["service"]

    @cached_property
    def params(self) -> dict[str, str]:
        """The parameters of a form post, as IAM and STS take them."""
        if "x-www-form-urlencoded" not in self.headers.get("content-type", ""):
            return {}
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @cached_property
    def asked(self) -> dict[str, Any]:
        """The parameters of one of JSON_SERVICES."""
        found = json.loads(self.body or b"{}") if self.service in JSON_SERVICES else {}
        return found if isinstance(found, dict) else {}

    @property
    def named(self) -> str:
        """The user, the secret or the parameter that it names, if it names one."""
        return self.params.get("UserName", "") or str(self.asked.get("SecretId", self.asked.get("Name", "")))

    @property
    def path(self) -> str:
        """The path, without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """What stands after the path's question mark."""
        return self.target.partition("?")[2]

    @property
    def action(self) -> str:
        """What is asked for, as policies name it; S3's actions are told by method and path alone."""
        if self.service in JSON_SERVICES:
            return f"{self.service}:{self.headers.get('x-amz-target', '').rpartition('.')[2]}"
        if self.service != "s3":
            return f"{self.service}:{self.params.get('Action', '')}"
        bucket, _, key = self.path.strip("/").partition("/")
        return _S3_ACTIONS.get((self.method, bool(bucket), bool(key)), f"s3:{self.method}")

"""How the missing session token of a long-lived key is written for an SDK: no form suits all."""

from __future__ import annotations

from typing import Any, Protocol


class Headers(Protocol):
    """The headers of a request."""

    def get(self, key: str, /) -> str | None:
        """A header's value."""


_FORMS: dict[str, dict[str, str | None]] = {"empty": {"Token": ""}, "null": {"Token": None}, "absent": {}}


def document(
    access_key_id: str, secret_access_key: str, session_token: str, expiration: str, *, chosen: str,
    headers: Headers,
) -> dict[str, Any]:  # fmt: skip
    """The container-credentials document for who sent these headers; SDKs want each member.

    JS v3 on Node, which sends neither header, wants the missing token empty; Java v1 would sign with the text "null".
    `chosen` is what the address says (`?token=empty`), if anything.
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
    """
    made: dict[str, Any] = {
        "AccessKeyId": access_key_id,
        "SecretAccessKey": secret_access_key,
        "Expiration": expiration,
    }
    if session_token:
        return {**made, "Token": session_token}
    return {**made, **_FORMS[chosen if chosen in _FORMS else _wanted(headers)]}


def _wanted(headers: Headers) -> str:
    agent = headers.get("User-Agent") or ""
    if not agent and not headers.get("Accept"):
        return "empty"
    return "absent" if agent.startswith("aws-sdk-java/1.") else "null"

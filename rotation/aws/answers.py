"""AWS's answers as values. A part that lacks is a KeyError, as in an answer that was cut off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from rotation.provider import CreatedKey, Identity, KeyPair, LastUse, ListedKey, TemporaryKey


def identity(answer: Mapping[str, Any]) -> Identity:
    """Whose key it is, of GetCallerIdentity."""
    return Identity(answer["Account"], answer["Arn"])


def used(answer: Mapping[str, Any]) -> LastUse:
    """Of GetAccessKeyLastUsed."""
    used = answer["AccessKeyLastUsed"]
    service, region = ("" if used.get(name) == "N/A" else used.get(name, "") for name in ("ServiceName", "Region"))
    used_at = used.get("LastUsedDate")
    return LastUse(answer.get("UserName", ""), used_at and used_at.astimezone(UTC), service, region)


def listed(answer: Mapping[str, Any]) -> list[ListedKey]:
    """Of ListAccessKeys."""
    return [
        ListedKey(row["AccessKeyId"], row["Status"] == "Active", row["CreateDate"].astimezone(UTC))
        for row in answer["AccessKeyMetadata"]
    ]


def created(answer: Mapping[str, Any]) -> CreatedKey:
    """Of CreateAccessKey. Raises ValueError where the answer holds no key."""
    key = answer["AccessKey"]
    pair = KeyPair(key["AccessKeyId"], key["SecretAccessKey"])
    if not (pair.access_key_id and pair.secret_access_key):
        raise ValueError("an answer without a key")
    return CreatedKey(pair, key["CreateDate"].astimezone(UTC), answer["ResponseMetadata"].get("RequestId", ""))


def session(answer: Mapping[str, Any]) -> TemporaryKey:
    """Of GetSessionToken."""
    given = answer["Credentials"]
    pair = KeyPair(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    return TemporaryKey(pair, given["Expiration"].astimezone(UTC))

"""Credentials of a strategy, as the server hands them out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from keyturn.problems import Problem
from keyturn.server import Server


@dataclass(frozen=True)
class Handed:
    """What the server says AWS takes until `expiration` (UTC, as SDKs read it)."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: str

    @property
    def until(self) -> datetime:
        """The expiration as a time."""
        return datetime.fromisoformat(self.expiration)


def fetch(server: Server, strategy: str) -> Handed:
    """The credentials of a strategy by its number or user name, right now. Raises keyturn.problems.Problem."""
    told = server.get(f"/v1/credentials/{number_of(server, strategy)}", {"token": "absent"})
    return Handed(told["AccessKeyId"], told["SecretAccessKey"], told.get("Token") or "", told["Expiration"])


def number_of(server: Server, strategy: str) -> int:
    """The strategy's number. Raises Problem where the token reaches none of that user name."""
    if strategy.isdecimal() and strategy.isascii():
        return int(strategy)
    found = [each["id"] for each in server.pages("/api/v1/strategies", "strategies") if each["user_name"] == strategy]
    if len(found) != 1:
        raise Problem(f"The token reaches {len(found) or 'no'} strategies of {strategy!r}: give the number of one.")
    return int(found[0])

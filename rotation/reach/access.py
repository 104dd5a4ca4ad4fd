"""How AWS is asked, as a value: what a provider is made from."""

from __future__ import annotations

from dataclasses import dataclass

from rotation.provider import KeyPair, Role


@dataclass(frozen=True)
class Access:
    """By which credentials, in which region, by which way.

    Without a `key` the machine's own credentials serve, where `may_lend` says so; with a `role` they only assume it.
    `endpoint_url` leads every service elsewhere; empty: where botocore finds each for the region's partition.
    """

    key: KeyPair | None
    region: str
    endpoint_url: str = ""
    proxy_url: str = ""
    role: Role | None = None
    may_lend: bool = False

"""botocore's clients: one for each service, region and endpoint, which any number of keys share.

Making a client costs more than a call. So what a call is signed with is the call's own, not the client's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache, partial
from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError
from botocore.session import Session

from rotation.provider import KeyPair
from rotation.reach.access import Access

PATIENT = Config(
    connect_timeout=5,
    read_timeout=15,
    user_agent_appid="keyturn",
    retries={"mode": "standard", "total_max_attempts": 2},
    # Without it S3 in us-east-1 is asked at the endpoint of no region.
    s3={"us_east_1_regional_endpoint": "regional"},
)
ONCE = PATIENT.merge(Config(retries={"total_max_attempts": 1}))
# As ONCE, with connections of its own.
TRY = ONCE.merge(Config())

# botocore doesn't promise that clients can be made from one session by several threads at once.
_MAKING_CLIENTS = Lock()
# What the call at hand is signed with.
_KEY: ContextVar[KeyPair] = ContextVar("key")


def make_client(service: str, pair: KeyPair, access: Access, config: Config) -> Any:
    """A client that asks where `access` leads and signs with `pair`.

    Closing it closes the connections of all that share it, and nothing else.

    Raises botocore's own exceptions; NoCredentialsError for an empty key.
    """
    if not (pair.access_key_id and pair.secret_access_key):
        # botocore would sign with what it finds on this machine, and so lend this server's rights.
        raise NoCredentialsError
    return _Signing(_shared_client(service, access.region, access.endpoint_url, access.proxy_url, config), pair)


def quieten() -> None:
    """At DEBUG botocore logs whole answers, and with them the new secret access key; at INFO where it found what."""
    logging.getLogger("botocore").setLevel(logging.WARNING)


class _Signing:
    """A client whose calls are signed with one key."""

    def __init__(self, client: Any, pair: KeyPair) -> None:
        self._client = client
        self._pair = pair

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        return partial(self._call, found) if callable(found) else found

    def _call(self, call: Callable[..., Any], **parameters: Any) -> Any:
        before = _KEY.set(self._pair)
        try:
            return call(**parameters)
        finally:
            _KEY.reset(before)


class _KeyOfTheCall(Credentials):  # type: ignore[misc]
    """The key of the call at hand, whichever client makes it."""

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """What botocore signs with."""
        pair = _KEY.get()
        return ReadOnlyCredentials(pair.access_key_id, pair.secret_access_key, pair.session_token or None)


class _Session(Session):  # type: ignore[misc]
    """A session that finds no key on this machine."""

    def get_credentials(self) -> Credentials:
        """What clients ask at each call."""
        return _KeyOfTheCall("none", "none")


@cache
def _shared_client(service: str, region: str, endpoint_url: str, proxy_url: str, config: Config) -> Any:
    if proxy_url:
        config = config.merge(Config(proxies={"http": proxy_url, "https": proxy_url}))
    with _MAKING_CLIENTS:
        return _session().create_client(service, region_name=region, endpoint_url=endpoint_url or None, config=config)


@cache
def _session() -> _Session:
    quieten()
    return _Session()

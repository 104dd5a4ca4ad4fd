"""From a stored connection to the access that a provider is made from: the one place where this is decided."""

from __future__ import annotations

from crypto import Keyring
from models import Connection, Project
from rotation.provider import KeyPair, Role
from rotation.reach.access import Access

CHECKING = "keyturn-check"
"""The session's name of a role when a person has a connection checked."""


def session_name(strategy_id: int, rotation_id: int | None = None) -> str:
    """The session's name of a role that works on a strategy: `keyturn-s12-r41`, or `keyturn-s12` between rotations."""
    return f"keyturn-s{strategy_id}" + (f"-r{rotation_id}" if rotation_id else "")


def access_of(
    connection: Connection, project: Project, keyring: Keyring, session: str, endpoint_url: str, *, itself: bool = False
) -> Access:
    """How the connection reaches AWS, or its stored key `itself`, whatever role that assumes.

    `endpoint_url` serves where it has none of its own.

    What the project isn't allowed is refused when AWS is first asked, as a failure that can be told. Raises
    crypto.CannotOpenError with the wrong master key.
    """
    key = None
    if connection.secret_access_key is not None:
        key = KeyPair(connection.access_key_id, connection.open_secret(project.sealing_key(keyring)))
    return Access(
        key,
        connection.region,
        connection.endpoint_url or endpoint_url,
        connection.proxy_url,
        None if itself else role_of(connection, project, session),
        may_lend=project.lends_own,
    )


def role_of(connection: Connection, project: Project, session: str) -> Role | None:
    """The role that the connection assumes, if it does."""
    return Role(connection.role_arn, project.external_id, session) if connection.role_arn else None

"""Asking AWS, which may take seconds: no transaction is open meanwhile, for SQLite has one writer."""

from __future__ import annotations

from collections.abc import Sequence

from database import db
from models import Connection, Project, RotationStrategy
from rotation.checks import Report, Target, check, check_connection
from rotation.policy import RECOMMENDED, SMALLEST, User, policy
from rotation.provider import KeyPair
from views.frame.services import keyring, provider_for


def stored_access(project: Project, connection: Connection) -> tuple[KeyPair, str]:
    """A stored connection's key and region."""
    secret = connection.open_secret(project.sealing_key(keyring()))
    return KeyPair(connection.access_key_id, secret), connection.region


def ask_one(pair: KeyPair, region: str, target: Target) -> Report:
    """What the manager may do on one target. Ends the transaction."""
    db.session.rollback()
    return check(provider_for("aws-iam", pair, region), target)


def ask_about(pair: KeyPair, region: str, targets: Sequence[Target]) -> Report:
    """What the manager may do on several targets. Ends the transaction."""
    db.session.rollback()
    return check_connection(provider_for("aws-iam", pair, region), targets)


def policies_for(connection: Connection, users: Sequence[RotationStrategy]) -> dict[str, str]:
    """The two policies for a connection's manager, by name, made for the users of its strategies."""
    account = connection.account_id
    named = [User(each.user_name, each.user_path, each.account_id or account) for each in users]
    named = named or [User("USER", account_id=account)]
    return {
        "recommended": policy(named, RECOMMENDED, connection.region),
        "smallest": policy(named, SMALLEST, connection.region),
    }

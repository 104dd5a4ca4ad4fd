"""Asking AWS, which may take seconds: no transaction is open meanwhile, for SQLite has one writer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from database import db
from models import Connection, Project, RotationStrategy
from models.connection import partition
from rotation.provider import Identity, KeyPair, Role
from rotation.reach.access import Access
from rotation.reach.ways import CHECKING, access_of
from rotation.setup.checks import Report, Target, check, check_connection, check_own
from rotation.setup.policy import RECOMMENDED, SMALLEST, User, may_assume, policy, trust_policy
from views.frame.services import config, keyring, provider_for


def stored_access(project: Project, connection: Connection) -> Access:
    """How a stored connection reaches AWS."""
    return access_of(connection, project, keyring(), CHECKING, config().aws_endpoint_url)


def new_access(project: Project, pair: KeyPair | None, region: str, ways: Mapping[str, str] | None = None) -> Access:
    """How AWS is reached by what no connection has yet; `ways` as a connection has them."""
    ways = ways or {}
    role_arn = ways.get("role_arn")
    return Access(
        pair,
        region,
        ways.get("endpoint_url") or config().aws_endpoint_url,
        ways.get("proxy_url", ""),
        Role(role_arn, project.external_id, CHECKING) if role_arn else None,
        may_lend=project.lends_own,
    )


def ask_one(access: Access, target: Target) -> Report:
    """What the manager may do on one target. Ends the transaction."""
    db.session.rollback()
    return check(provider_for("aws-iam", access), target)


def ask_about(access: Access, targets: Sequence[Target]) -> Report:
    """What the manager may do on several targets. Ends the transaction."""
    db.session.rollback()
    return check_connection(provider_for("aws-iam", access), targets)


def ask_about_itself(access: Access) -> Report:
    """What the manager may do on its own key. Ends the transaction."""
    db.session.rollback()
    return check_own(provider_for("aws-iam", access))


def policies_for(connection: Connection, users: Sequence[RotationStrategy]) -> dict[str, str]:
    """The two policies for a connection's manager, by name, made for the users of its strategies."""
    account = connection.account_id
    asked = [each for each in users if not (each.turns_manager and connection.role_arn)]  # its key asks, not the role
    named = [User(each.user_name, each.user_path, each.account_id or account) for each in asked]
    return _policies(named or [User("USER", account_id=account)], connection.region)


def own_policies(connection: Connection, users: Sequence[RotationStrategy]) -> dict[str, str]:
    """The two policies, by name, for the user whose key the connection has, so that it may turn that key, too."""
    account, resource = connection.account_id, connection.manager
    if connection.role_arn:
        users, signer = (), Identity("", "", connection.assumed_by).signer
        account, resource = signer.account_id, signer.resource
    path, _, name = resource.removeprefix("user").rpartition("/")
    manager = User(name or "USER", f"{path}/", account)
    others = [User(each.user_name, each.user_path, each.account_id or account) for each in users]
    return _policies([*others, *([] if manager in others else [manager])], connection.region)


def _policies(users: Sequence[User], region: str) -> dict[str, str]:
    return {"recommended": policy(users, RECOMMENDED, region), "smallest": policy(users, SMALLEST, region)}


def role_policies(project: Project, role_arn: str, caller: str, region: str) -> dict[str, str]:
    """The policies that let a caller assume a role: the role's own, and, for another account's role, the caller's.

    What isn't known yet stands in capitals.
    """
    return {
        "trust": trust_policy(caller or f"arn:{partition(region)}:iam::ACCOUNT:user/CALLER", project.external_id),
        "caller": may_assume(role_arn or f"arn:{partition(region)}:iam::ACCOUNT:role/ROLE"),
    }

"""What a token reaches, as statements and conditions: its rights, bounded by its environment and path."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select

from models.audit import AuditEntry
from models.connection import Connection
from models.programs.token import ServiceToken, TokenStrategy
from models.secret import Secret, lies_at
from models.strategy import RotationStrategy


def secrets_of(token: ServiceToken) -> ColumnElement[bool]:
    """The condition for the secrets where the token reaches, whatever it may do with them."""
    return and_(Secret.environment_id == token.environment_id, lies_at(token.path, below=token.subtree))


def strategies_of(token: ServiceToken, *columns: Any) -> Select[*tuple[Any, ...]]:
    """The strategies that the token names and that write their secrets where it reaches: their ids, or `columns`."""
    return (
        select(*(columns or (RotationStrategy.id,)))
        .select_from(RotationStrategy)
        .join(TokenStrategy, TokenStrategy.strategy_id == RotationStrategy.id)
        .join(Secret, Secret.id == RotationStrategy.access_key_secret_id)
        .where(TokenStrategy.token_id == token.id, secrets_of(token))
    )


def connections_of(token: ServiceToken) -> ColumnElement[bool]:
    """The condition for the connections of these strategies."""
    return Connection.id.in_(strategies_of(token, RotationStrategy.connection_id))


def entries_of(token: ServiceToken) -> ColumnElement[bool]:
    """The condition for the audit log's entries about these strategies, and about secrets if it has a right to them."""
    secrets: ColumnElement[bool] = false()
    if token.reads_secrets or token.writes_secrets:
        secrets = AuditEntry.secret_id.in_(select(Secret.id).where(secrets_of(token)))
    mine = or_(AuditEntry.strategy_id.in_(strategies_of(token)), secrets)
    return and_(AuditEntry.project_id == token.project_id, mine)

"""The audit log: who did what, when, from where, to what."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import ACTOR_LENGTH, Base
from models.strategy import RotationStrategy


class Action(StrEnum):
    """Everything that is recorded, as `thing.verb`. A closed list: pages filter by it."""

    USER_SIGN_IN = "user.sign-in"
    USER_SIGN_IN_REFUSED = "user.sign-in-refused"
    USER_SIGN_OUT = "user.sign-out"
    USER_CREATE = "user.create"
    USER_INVITE = "user.invite"
    USER_CHANGE = "user.change"
    USER_DISABLE = "user.disable"
    USER_ENABLE = "user.enable"
    USER_CHANGE_PASSWORD = "user.change-password"  # noqa: S105 - the name of an action
    USER_RESET_PASSWORD = "user.reset-password"  # noqa: S105 - the name of an action
    USER_END_SESSION = "user.end-session"
    PROJECT_CREATE = "project.create"
    PROJECT_CHANGE = "project.change"
    PROJECT_RENAME = "project.rename"
    PROJECT_DELETE = "project.delete"
    ENVIRONMENT_ADD = "environment.add"
    ENVIRONMENT_RENAME = "environment.rename"
    ENVIRONMENT_DELETE = "environment.delete"
    SECRET_CREATE = "secret.create"  # noqa: S105 - the name of an action
    SECRET_CHANGE = "secret.change"  # noqa: S105 - the name of an action
    SECRET_MOVE = "secret.move"  # noqa: S105 - the name of an action
    SECRET_DELETE = "secret.delete"  # noqa: S105 - the name of an action
    SECRET_REVEAL = "secret.reveal"  # noqa: S105 - the name of an action
    SECRET_COPY = "secret.copy"  # noqa: S105 - the name of an action
    SECRET_RESTORE = "secret.restore"  # noqa: S105 - the name of an action
    TOKEN_CREATE = "token.create"  # noqa: S105 - the name of an action
    TOKEN_ROTATE = "token.rotate"  # noqa: S105 - the name of an action
    TOKEN_REVOKE = "token.revoke"  # noqa: S105 - the name of an action
    CONNECTION_CREATE = "connection.create"
    CONNECTION_CHANGE = "connection.change"
    CONNECTION_CHECK = "connection.check"
    CONNECTION_DELETE = "connection.delete"
    STRATEGY_CREATE = "strategy.create"
    STRATEGY_CHANGE = "strategy.change"
    STRATEGY_PAUSE = "strategy.pause"
    STRATEGY_RESUME = "strategy.resume"
    STRATEGY_DELETE = "strategy.delete"
    WEBHOOK_CREATE = "webhook.create"
    WEBHOOK_CHANGE = "webhook.change"
    WEBHOOK_ROTATE = "webhook.rotate"
    WEBHOOK_DELETE = "webhook.delete"
    ADDRESS_CREATE = "address.create"
    ADDRESS_CHANGE = "address.change"
    ADDRESS_DELETE = "address.delete"
    DESTINATION_CREATE = "destination.create"
    DESTINATION_CHANGE = "destination.change"
    DESTINATION_DELETE = "destination.delete"
    COPY_CREATE = "copy.create"
    COPY_CHANGE = "copy.change"
    COPY_FAIL = "copy.fail"
    COPY_CONFIRM = "copy.confirm"
    COPY_DELETE = "copy.delete"
    ROTATION_REQUEST = "rotation.request"
    ROTATION_SUCCEED = "rotation.succeed"
    ROTATION_FAIL = "rotation.fail"
    KEY_CREATE = "key.create"
    KEY_PUBLISH = "key.publish"
    KEY_TAKE_OVER = "key.take-over"
    KEY_KEEP_LONGER = "key.keep-longer"
    KEY_END = "key.end"
    KEY_DEACTIVATE = "key.deactivate"
    KEY_BRING_BACK = "key.bring-back"
    KEY_ACTIVATE = "key.activate"
    KEY_LEAK = "key.leak"
    KEY_CUT_OFF = "key.cut-off"
    KEY_DELETE = "key.delete"
    KEY_LOSE = "key.lose"
    KEY_CLEAR_UP = "key.clear-up"


class AuditEntry(Base):
    """One entry. Names are copied, so that an entry outlives what it is about."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_project_at", "project_id", "at", "id"),
        Index("ix_audit_entries_at", "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    actor: Mapped[str] = mapped_column(String(ACTOR_LENGTH))
    """A person's name, `token:` with a token's, or `schedule`, `worker`, `terminal`."""
    action: Mapped[str] = mapped_column(String(40))
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="SET NULL"))
    project_name: Mapped[str] = mapped_column(String(64), default="")
    """The name of a project that is deleted by now; else empty."""
    thing: Mapped[str] = mapped_column(String(512))
    """What it was done to, as people name it: `production:/billing/api AWS_ACCESS_KEY`."""
    strategy_id: Mapped[int | None] = mapped_column(index=True)
    """The rotation strategy concerned, if any; no foreign key, for entries outlive strategies."""
    user_name: Mapped[str] = mapped_column(String(64), default="")
    """The IAM user that the strategy turned at that time."""
    secret_id: Mapped[int | None] = mapped_column(index=True)
    """The secret concerned, if any; no foreign key, for entries outlive secrets and follow renamed and moved ones."""
    address: Mapped[str] = mapped_column(String(45), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


def record(  # noqa: PLR0913 - an entry has that many facts, all by name
    session: Session,
    *,
    at: datetime,
    actor: str,
    action: Action,
    thing: str,
    actor_id: int | None = None,
    project_id: str | None = None,
    strategy_id: int | None = None,
    secret_id: int | None = None,
    address: str = "",
    **detail: Any,
) -> None:
    """Add an entry to the session's transaction: it is recorded exactly when what it tells is.

    `detail` are further facts, readable by every member of the project: never a secret's value.
    """
    session.add(
        AuditEntry(
            at=at,
            actor=actor,
            actor_id=actor_id,
            action=action.value,
            project_id=project_id,
            thing=thing,
            strategy_id=strategy_id,
            user_name="" if strategy_id is None else _user_of(strategy_id),
            secret_id=secret_id,
            address=address,
            detail=detail,
        )
    )


def keep_project_name(session: Session, project_id: str, name: str) -> None:
    """Have the project's entries keep its name, before it is deleted; without committing."""
    session.execute(
        update(AuditEntry)
        .where(AuditEntry.project_id == project_id)
        .values(project_name=name)
        .execution_options(synchronize_session=False)
    )


def _user_of(strategy_id: int) -> Any:
    """The strategy's user name, in the statement that writes the entry."""
    name = select(RotationStrategy.user_name).where(RotationStrategy.id == strategy_id).scalar_subquery()
    return func.coalesce(name, "")

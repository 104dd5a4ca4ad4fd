"""Rotation strategies: which connection, which IAM user, which secrets, when, and how the old key retires."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from models.base import Base
from models.connection import Connection, partition
from models.schedule import Schedule, Window
from models.secret import Secret

# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
_USER_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
# Neighbouring ids lie far apart in the spread (https://en.wikipedia.org/wiki/Hash_function#Fibonacci_hashing).
_SCATTER = 2_654_435_769
_IAM_PATH = re.compile(r"/|/[\x21-\x7e]{1,510}/")


class RetireWhen(StrEnum):
    """What ends an old key after its grace period."""

    QUIET = "quiet"
    """AWS has reported no use for the quiet time."""
    DEADLINE = "deadline"
    """The same, or else the deadline, used or not."""
    NEXT = "next"
    """The next rotation, which needs its place."""
    NEVER = "never"
    """A person alone ends it."""


class HandsOut(StrEnum):
    """What programs are handed that ask for the strategy's credentials."""

    SESSION = "session"
    """Temporary credentials that the current key has signed for."""
    KEY = "key"
    """The key itself."""


@dataclass(frozen=True)
class Ends:
    """How an old key ends; lengths in seconds, as the columns of a strategy are."""

    rule: RetireWhen = RetireWhen.QUIET
    grace_s: int = 86_400
    quiet_s: int = 86_400
    deadline_s: int = 604_800
    watch_s: int = 86_400


class RotationStrategy(Base):
    """The standing configuration of one target user's rotations."""

    __tablename__ = "rotation_strategies"
    __table_args__ = (
        Index("ix_rotation_strategies_project_due", "project_id", "due_at"),
        Index(
            "ix_rotation_strategies_deleting",
            "project_id",
            sqlite_where=text("deleting_at IS NOT NULL"),
            postgresql_where=text("deleting_at IS NOT NULL"),
        ),
        Index("ix_rotation_strategies_due_at", "due_at"),
        Index("ix_rotation_strategies_retry_at", "retry_at"),
        Index("ix_rotation_strategies_paused_until", "paused_until"),
        CheckConstraint("access_key_secret_id <> secret_key_secret_id", name="two_secrets"),
        CheckConstraint("NOT turns_manager OR access_key_secret_id IS NULL", name="one_output"),
        Index(
            "uq_rotation_strategies_turns_manager",
            "connection_id",
            unique=True,
            sqlite_where=text("turns_manager"),
            postgresql_where=text("turns_manager"),
        ),
        CheckConstraint("smtp_user_secret_id <> smtp_password_secret_id", name="two_smtp_secrets"),
        CheckConstraint(
            "smtp_user_secret_id NOT IN (access_key_secret_id, secret_key_secret_id) AND "
            "smtp_password_secret_id NOT IN (access_key_secret_id, secret_key_secret_id)",
            name="smtp_secrets_apart",
        ),
        CheckConstraint("interval_s IS NULL OR interval_s > 0", name="interval_positive"),
        CheckConstraint("interval_s IS NULL OR cron = ''", name="one_schedule"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(String(16), default="aws-iam")
    connection_id: Mapped[str] = mapped_column(ForeignKey("connections.id", ondelete="RESTRICT"), index=True)
    user_name: Mapped[str] = mapped_column(String(64))
    user_path: Mapped[str] = mapped_column(String(512), default="/")
    """The user's IAM path, for the policy and its ARN only."""
    account_id: Mapped[str | None] = mapped_column(String(12))
    """The target's account; NULL until AWS has told it."""
    target: Mapped[str | None] = mapped_column(String(80), unique=True)
    """Account and user name in lower case, for IAM's names are unique without regard to case: one strategy a target.

    NULL while the account isn't known; written by `set_target` only.
    """
    access_key_secret_id: Mapped[int | None] = mapped_column(ForeignKey("secrets.id", ondelete="RESTRICT"), unique=True)
    secret_key_secret_id: Mapped[int | None] = mapped_column(ForeignKey("secrets.id", ondelete="RESTRICT"), unique=True)
    turns_manager: Mapped[bool] = mapped_column(default=False)
    """Whether it turns the manager's own key: then its output is its connection, and no secret."""
    smtp_region: Mapped[str] = mapped_column(String(32), default="")
    """The region whose SES SMTP user name and password are written too; empty for none."""
    smtp_user_secret_id: Mapped[int | None] = mapped_column(ForeignKey("secrets.id", ondelete="RESTRICT"), unique=True)
    smtp_password_secret_id: Mapped[int | None] = mapped_column(
        ForeignKey("secrets.id", ondelete="RESTRICT"), unique=True
    )
    existing_key_id: Mapped[str] = mapped_column(String(128), default="")
    """The access key ID that this strategy is to take over, as the user gave it."""
    interval_s: Mapped[int | None]
    """The rotation interval; NULL with a cron expression, or when only the button rotates."""
    cron: Mapped[str] = mapped_column(String(120), default="")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    """The zone of the cron expression and of the window."""
    window: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The allowed window: `days` (1: Monday ... 7: Sunday), `start` and `end` (`22:00`); NULL for any time."""
    spread_s: Mapped[int] = mapped_column(default=0)
    grace_s: Mapped[int] = mapped_column(default=86_400)
    retire_when: Mapped[str] = mapped_column(String(8), default=RetireWhen.QUIET.value)
    quiet_s: Mapped[int] = mapped_column(default=86_400)
    deadline_s: Mapped[int] = mapped_column(default=604_800)
    """How long after its replacement an old key ends, used or not, with RetireWhen.DEADLINE."""
    watch_s: Mapped[int] = mapped_column(default=86_400)
    """How long an old key stays inactive before it is deleted; 0: it is deleted at once."""
    can_deactivate: Mapped[bool | None]
    """Whether the manager may call UpdateAccessKey on the user, as AWS said last; NULL until it was tried."""
    hands_out: Mapped[str] = mapped_column(String(7), default=HandsOut.SESSION.value)
    handed_s: Mapped[int] = mapped_column(default=3_600)
    """For how long programs are handed credentials at most; the shortest that STS gives is 900."""
    due_at: Mapped[datetime | None]
    """The next scheduled time; NULL without a schedule or while paused."""
    retry_at: Mapped[datetime | None]
    """When a failed scheduled rotation is tried again."""
    retries: Mapped[int] = mapped_column(default=0)
    """How often in a row a scheduled rotation has been tried again."""
    paused_at: Mapped[datetime | None]
    paused_by: Mapped[str] = mapped_column(String(64), default="")
    paused_until: Mapped[datetime | None]
    """When the pause ends by itself."""
    deleting_at: Mapped[datetime | None]
    """Set while the deletion of the strategy waits for its keys to be deleted at AWS."""
    foreign_keys: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    """The target's keys that Keyturn neither made nor took over, as AWS last listed them: shown, never touched."""
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))

    connection: Mapped[Connection] = relationship()
    access_key_secret: Mapped[Secret] = relationship(foreign_keys=[access_key_secret_id])
    secret_key_secret: Mapped[Secret] = relationship(foreign_keys=[secret_key_secret_id])
    smtp_user_secret: Mapped[Secret | None] = relationship(foreign_keys=[smtp_user_secret_id])
    smtp_password_secret: Mapped[Secret | None] = relationship(foreign_keys=[smtp_password_secret_id])

    def set_target(self, user_name: str, account_id: str | None) -> None:
        """Name the target user and its account, if known.

        The next flush raises IntegrityError when another strategy has this target.
        """
        self.user_name, self.account_id = user_name, account_id
        self.target = f"{account_id}/{user_name.lower()}" if account_id else None

    @property
    def user_arn(self) -> str:
        """The target's ARN; `*` stands for an account that isn't known yet."""
        where = f"{partition(self.connection.region)}:iam::{self.account_id or '*'}"
        return f"arn:{where}:user{self.user_path}{self.user_name}"

    @property
    def who_reads(self) -> str:
        """Who reads what it publishes, with the verb: `programs read`, or `the connection ops uses`."""
        return f"the connection {self.connection.name} uses" if self.turns_manager else "programs read"

    @property
    def output_ids(self) -> tuple[int | None, ...]:
        """The ids of the secrets that it writes: access key ID, secret access key, then SMTP user name and password.

        None at all where its output is the connection.
        """
        if self.turns_manager:
            return ()
        pair = (self.access_key_secret_id, self.secret_key_secret_id)
        return (*pair, self.smtp_user_secret_id, self.smtp_password_secret_id) if self.smtp_region else pair

    @property
    def outputs(self) -> tuple[Secret | None, ...]:
        """The secrets that it writes, in the order of `output_ids`."""
        if self.turns_manager:
            return ()
        pair = (self.access_key_secret, self.secret_key_secret)
        return (*pair, self.smtp_user_secret, self.smtp_password_secret) if self.smtp_region else pair

    @property
    def interval(self) -> timedelta | None:
        """The rotation interval, or None with a cron expression or by button only."""
        return None if self.interval_s is None else timedelta(seconds=self.interval_s)

    @property
    def ends(self) -> Ends:
        """How an old key ends, as a person chose it."""
        rule = RetireWhen(self.retire_when)
        return Ends(rule, self.grace_s, self.quiet_s, self.deadline_s, self.watch_s)

    @ends.setter
    def ends(self, ends: Ends) -> None:
        self.retire_when = ends.rule.value
        self.grace_s, self.quiet_s = ends.grace_s, ends.quiet_s
        self.deadline_s, self.watch_s = ends.deadline_s, ends.watch_s

    @property
    def schedule(self) -> Schedule | None:
        """When it rotates by itself, or None when only the button rotates."""
        if self.interval_s is None and not self.cron:
            return None
        zone = ZoneInfo(self.time_zone or "UTC")
        return Schedule(
            self.interval,
            self.cron or "",
            zone,
            Window.from_columns(self.window) if self.window else None,
            timedelta(seconds=self.spread_s or 0),
            timedelta(seconds=self.id * _SCATTER % self.spread_s if self.spread_s and self.id else 0),
        )

    @schedule.setter
    def schedule(self, schedule: Schedule | None) -> None:
        chosen = schedule or Schedule()
        self.interval_s = int(chosen.interval.total_seconds()) if chosen.interval else None
        self.cron, self.time_zone = chosen.cron, chosen.zone.key
        self.window = chosen.window.to_columns() if chosen.window else None
        self.spread_s = int(chosen.spread.total_seconds())


def lock_strategy(session: Session, strategy: RotationStrategy) -> bool:
    """Read the strategy anew and keep others from changing it until this transaction ends; False when it is gone.

    What this transaction has changed of it and not flushed is lost.
    """
    try:
        session.refresh(strategy, with_for_update={"of": RotationStrategy})
    except InvalidRequestError:
        return False
    return True


def user_name_problem(name: str) -> str | None:
    """Why `name` can't be an IAM user name, in a sentence; None when it can."""
    if _USER_NAME.fullmatch(name):
        return None
    return "An IAM user name has 1 to 64 letters, digits and + = , . @ _ -, without spaces and without its path."


def iam_path_problem(path: str) -> str | None:
    """Why `path` can't be an IAM path, in a sentence; None when it can."""
    return None if _IAM_PATH.fullmatch(path) else "An IAM path is / or begins and ends with a slash, such as /deploy/."

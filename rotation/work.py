"""What a rotation is worked on with: the collaborators, the lease and the journal of its steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto import Keyring, SealingKey
from models import AccessKey, Connection, Project, Rotation, RotationStep, RotationStrategy, StepName
from models.access_key import is_current
from models.rotation import hold
from rotation.clock import Clock
from rotation.errors import RotationError
from rotation.provider import Provider

_CALLS_KEPT = 100

OF_ACCESS = (
    "manager_key_unknown", "manager_secret_wrong", "role_not_assumable", "own_not_allowed", "no_own_credentials",
)  # fmt: skip
"""Codes of failures that come from how the connection reaches AWS, and end with it."""


@dataclass(frozen=True)
class Timing:
    """How long things take, in seconds."""

    lease_s: int = 60
    last_use_lag_s: int = 15_300
    last_use_poll_s: int = 900
    verify_within_s: int = 120
    handed_margin_s: int = 300

    @property
    def lease(self) -> timedelta:
        """How long a worker that doesn't answer keeps its work. Longer than any single question to AWS takes."""
        return timedelta(seconds=self.lease_s)


@dataclass(frozen=True)
class Tools:
    """The engine's collaborators. The session must not expire its objects at commit."""

    session: Session
    provider: Provider
    keyring: Keyring
    clock: Clock
    timing: Timing = field(default_factory=Timing)
    owner: str = "worker"
    connection: Connection | None = None
    """The connection as the provider was made from it. Held, so that the session doesn't read it anew meanwhile."""

    @property
    def aws(self) -> Provider:
        """The provider, to ask it now.

        Raises RuntimeError while a transaction is open: SQLite has one writer, and AWS may take seconds to answer.
        """
        if self.session.in_transaction():
            raise RuntimeError("a transaction is open while AWS is asked")
        return self.provider

    def sealing_key(self, project_id: str) -> SealingKey:
        """The project's key. Raises crypto.CannotOpenError with the wrong master key."""
        return self.session.get_one(Project, project_id).sealing_key(self.keyring)


class LeaseLostError(Exception):
    """Another worker has the rotation by now: nothing of this transaction was written."""


class EditedError(Exception):
    """The strategy was edited since this run began: what was made ready for a new key is to be made ready anew."""


@dataclass
class Work:
    """One claimed rotation."""

    tools: Tools
    rotation: Rotation
    strategy: RotationStrategy
    connection: Connection
    is_ready: bool = False
    """Whether this very run has made the target ready for a new key."""
    is_verified: bool = False
    """Whether this very run has seen the last good round: a proof that lay about since a crash proves nothing."""
    _steps: dict[str, RotationStep] = field(default_factory=dict)

    @property
    def session(self) -> Session:
        """The session that all is read and written by."""
        return self.tools.session

    @property
    def aws(self) -> Provider:
        """The provider, to ask it now; no transaction may be open."""
        return self.tools.aws

    def now(self) -> datetime:
        """The present moment in UTC."""
        return self.tools.clock.now()

    def save(self, *, release: bool = False, **values: Any) -> None:
        """Write `values` to the rotation and commit all that the session holds, renewing the lease or giving it back.

        Raises LeaseLostError, with everything rolled back, when the lease is another's.
        """
        lease = None if release else self.tools.timing.lease
        if not hold(self.session, self.rotation.id, self.tools.owner, self.now(), lease, **values):
            self.session.rollback()
            raise LeaseLostError
        self.session.commit()

    def want_unedited(self) -> None:
        """Hold the strategy until the next commit; raises EditedError when it is edited since this run began."""
        aim = (
            RotationStrategy.user_name, RotationStrategy.connection_id, RotationStrategy.access_key_secret_id,
            RotationStrategy.existing_key_id,
        )  # fmt: skip
        stored = self.session.execute(select(*aim).where(RotationStrategy.id == self.strategy.id).with_for_update())
        if tuple(stored.one()) != tuple(getattr(self.strategy, column.key) for column in aim):
            raise EditedError

    def reaches_otherwise(self) -> bool:
        """Whether the connection reaches AWS in another way since this run began: by another key, say. Commits."""
        way = (
            Connection.access_key_id, Connection.key_since, Connection.role_arn, Connection.region,
            Connection.endpoint_url, Connection.proxy_url,
        )  # fmt: skip
        stored = self.session.execute(select(*way).where(Connection.id == self.connection.id)).one()
        self.session.commit()
        return tuple(stored) != tuple(getattr(self.connection, column.key) for column in way)

    def key(self) -> AccessKey | None:
        """The access key that this rotation makes, once intended."""
        key_id = self.rotation.access_key_id
        return None if key_id is None else self.session.get(AccessKey, key_id, populate_existing=True)

    def published_key(self) -> AccessKey | None:
        """The key that programs read, as far as this strategy published or took it over."""
        return self.session.scalar(select(AccessKey).where(is_current(self.rotation.strategy_id)))

    def step(self, name: StepName) -> RotationStep:
        """The rotation's step of that name, begun now if it is new."""
        step = self._steps.get(name.value)
        if step is not None and step in self.session:  # a rollback forgets what it had added
            return step
        begun = self.session.scalars(select(RotationStep).where(RotationStep.rotation_id == self.rotation.id))
        self._steps = {step.name: step for step in begun}
        if name.value not in self._steps:
            step = RotationStep(rotation_id=self.rotation.id, name=name.value, started_at=self.now(), calls=[])
            self.session.add(step)
            self._steps[name.value] = step
        return self._steps[name.value]

    def note(self, step: RotationStep, action: str, said: str, *, ok: bool, request_id: str = "") -> None:
        """Add what AWS said to the step; the oldest lines go when there are very many."""
        line = {
            "at": self.now().isoformat(timespec="milliseconds"),
            "action": action,
            "said": said,
            "ok": ok,
            "request_id": request_id,
        }
        step.calls = [*step.calls, line][-_CALLS_KEPT:]

    def end(self, step: RotationStep, summary: str) -> None:
        """End the step well."""
        step.ended_at, step.summary, step.failed = self.now(), summary, False

    def facts(self, error: RotationError) -> dict[str, str]:
        """The error's facts, filled up with what is known of the rotation."""
        strategy, published = self.strategy, self.published_key()
        known = {
            "user": strategy.user_name,
            "arn": strategy.user_arn,
            "account": strategy.account_id or "",
            "connection": self.connection.name,
            "manager": self.connection.manager_name,
            "key": (published.access_key_id if published else None) or "",
            "who_reads": strategy.who_reads,
        }
        told = dict(error.facts)
        if error.code == "not_permitted" and told.get("arn", "").endswith(f":user/{strategy.user_name}"):
            del told["arn"]  # the provider doesn't know the user's IAM path
        return {name: text for name, text in {**known, **told}.items() if text}

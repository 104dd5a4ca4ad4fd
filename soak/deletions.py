"""Alice deletes strategies, and makes each anew for the same user and secrets once it is gone.

With its keys she deletes one only after its program has ended: she takes the pair out of the secrets, and waits until
no program holds it. What Keyturn leaves at AWS is judged when the strategy is gone; then she deletes it by hand.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AccessKey, KeyState, Project, Rotation, RotationStrategy, Secret
from models.secret import current_values, write_secret
from models.strategy import lock_strategy
from rotation.setup.deletion import RotationRunsError, delete_strategy
from soak.evidence import of_user
from soak.world import INTERVAL_S, TIMES, World

_NO_PAIR = b"the program has ended"
_NO_PROGRAM_AFTER = timedelta(seconds=3)
_MAYBE = {KeyState.PENDING.value, KeyState.LOST.value}
_LIKE_BEFORE = ("project_id", "connection_id", "access_key_secret_id", "secret_key_secret_id", "created_by")


@dataclass
class _Deletion:
    """One that has begun: what the strategy was, and which keys Keyturn may leave."""

    user_name: str
    account_id: str
    columns: dict[str, Any]
    may_stay: set[str | None]
    lost: int
    gone_at: datetime | None = None


@dataclass
class Deletions:
    """Those that have begun, and what went with those that are over."""

    seed: int
    at: World
    unknown: list[str] = field(default_factory=list)
    """Keys that Keyturn left at AWS and had to delete or tell of."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """The rotations that went with their strategies, by outcome."""
    done: Counter[str] = field(default_factory=Counter)
    held_before: dict[str, str] = field(default_factory=dict)
    """The key that a user had before its strategy was made anew: Alice's until a rotation takes it over."""
    _is_over: bool = False
    _ending: dict[int, datetime] = field(default_factory=dict)
    _begun: dict[int, _Deletion] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = Random(f"deletions {self.seed}")

    def begin(self, session: Session, strategy: RotationStrategy, now: datetime) -> None:
        """Delete one and keep its keys, or end its program first."""
        if strategy.id in self._ending or strategy.id in self._begun:
            return
        if self._random.random() < 1 / 2:
            self._delete(session, strategy, now, delete_keys=False)
        else:
            self._end_program(session, strategy, now)

    def go_on(self, session: Session, now: datetime) -> None:
        """Delete with their keys those whose programs have ended, and make anew those that are gone."""
        for strategy_id in [each for each, ended in self._ending.items() if ended + _NO_PROGRAM_AFTER <= now]:
            strategy = session.get_one(RotationStrategy, strategy_id)
            lock_strategy(session, strategy)
            if self._holds_pair(session, strategy):  # a rotation has published another meanwhile
                self._end_program(session, strategy, now)
            else:
                self._delete(session, strategy, now, delete_keys=True)
        session.flush()
        there = set(session.scalars(select(RotationStrategy.id)))
        for strategy_id in sorted(self._begun.keys() - there):
            gone = self._begun[strategy_id]
            gone.gone_at = gone.gone_at or now
            if gone.gone_at + _NO_PROGRAM_AFTER <= now:
                self._make_anew(session, gone, now)
                del self._begun[strategy_id]

    @property
    def to_make_anew(self) -> int:
        """How many are gone and not made anew yet."""
        return sum(each.gone_at is not None for each in self._begun.values())

    def end(self) -> None:
        """Begin none any more; what is made anew falls due no more."""
        self._ending.clear()
        self._is_over = True

    def _end_program(self, session: Session, strategy: RotationStrategy, now: datetime) -> None:
        """Take the pair out of the secrets: no program reads it from here on."""
        key = session.get_one(Project, strategy.project_id).sealing_key(self.at.at.keyring)
        for secret_id in strategy.output_ids:
            secret = session.get_one(Secret, secret_id, with_for_update=True)
            write_secret(session, key, secret, _NO_PAIR, now=now, author="alice", reason="edited")
        self._ending[strategy.id] = now

    def _holds_pair(self, session: Session, strategy: RotationStrategy) -> bool:
        key = session.get_one(Project, strategy.project_id).sealing_key(self.at.at.keyring)
        values = current_values(session, key, [each for each in strategy.output_ids if each])
        return set(values.values()) != {_NO_PAIR}

    def _delete(self, session: Session, strategy: RotationStrategy, now: datetime, *, delete_keys: bool) -> None:
        keys = session.scalars(select(AccessKey).where(AccessKey.strategy_id == strategy.id)).all()
        columns = {name: getattr(strategy, name) for name in _LIKE_BEFORE}
        may_stay = {key.access_key_id for key in keys if not delete_keys or key.taken_over}
        may_stay.add(self.held_before.get(strategy.user_name))
        lost = sum(key.state in _MAYBE for key in keys)
        begun = _Deletion(strategy.user_name, strategy.account_id or "", columns, may_stay, lost)
        outcomes = _outcomes(session, strategy.id)
        try:
            delete_strategy(session, strategy, delete_keys=delete_keys, by="alice", now=now)
        except RotationRunsError:
            self.done["delete refused while it runs"] += 1
            return
        self.outcomes += outcomes
        self.done["delete with keys" if delete_keys else "delete, keep keys"] += 1
        self._begun[strategy.id] = begun
        self._ending.pop(strategy.id, None)

    def _make_anew(self, session: Session, gone: _Deletion, now: datetime) -> None:
        iam, held = self.at.aws.iam, self._held(session, gone)
        listed = {row["AccessKeyId"] for row in iam.list_access_keys(UserName=gone.user_name)["AccessKeyMetadata"]}
        left = listed - gone.may_stay
        if len(left) > gone.lost:
            told = f"{', '.join(left)} left of {gone.user_name}, {gone.lost} lost, {gone.may_stay} may stay"
            self.unknown.append(told + of_user(self.at, session, gone.user_name))
        self.held_before[gone.user_name] = held
        for access_key_id in listed - {held}:
            iam.delete_access_key(UserName=gone.user_name, AccessKeyId=access_key_id)
        due_at = None if self._is_over else now + timedelta(seconds=self._random.uniform(0, INTERVAL_S))
        strategy = RotationStrategy(created_at=now, due_at=due_at, **gone.columns, **TIMES)
        strategy.set_target(gone.user_name, gone.account_id)
        session.add(strategy)

    def _held(self, session: Session, gone: _Deletion) -> str:
        secret_id = gone.columns["access_key_secret_id"]
        key = session.get_one(Project, gone.columns["project_id"]).sealing_key(self.at.at.keyring)
        return current_values(session, key, [secret_id])[secret_id].decode()


def _outcomes(session: Session, strategy_id: int) -> Counter[str]:
    ended = select(Rotation.state, Rotation.error_code).where(
        Rotation.strategy_id == strategy_id, Rotation.ended_at.is_not(None)
    )
    return Counter(code or state for state, code in session.execute(ended))

"""What people do meanwhile, at random; and what only a person can clear up, done as the page says."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from models import AccessKey, KeyState, RotationStrategy, Trigger
from rotation import planning
from rotation.ending.wishes import ask_now, keep_longer
from rotation.lost import clear_up
from rotation.requests import request_rotation
from soak.world import GRACE_S, INTERVAL_S, World


class People:
    """Alice, who presses buttons."""

    def __init__(self, seed: int, at: World) -> None:
        self._random, self._world = Random(f"people {seed}"), at
        self.done: Counter[str] = Counter()

    def act(self) -> None:
        """Press one button of one strategy."""
        does = self._random.choice([self._rotate, self._pause, self._resume, self._edit, self._keep_longer])
        now = datetime.now(UTC)
        try:
            with Session(self._world.at.engine) as session, session.begin():
                ids = session.scalars(select(RotationStrategy.id)).all()
                does(session, session.get_one(RotationStrategy, self._random.choice(ids)), now)
        except OperationalError:
            self.done["database away"] += 1
        self.done[does.__name__.strip("_")] += 1

    def clear_up(self) -> None:
        """Delete what Keyturn says that it lost and can't find, as soon as it may be cleared up, and say so."""
        now = datetime.now(UTC)
        with Session(self._world.at.engine) as session, session.begin():
            for key in session.scalars(select(AccessKey).where(AccessKey.state == KeyState.LOST.value)):
                strategy = session.get_one(RotationStrategy, key.strategy_id)
                if clear_up(session, key, strategy, by="alice", now=now):
                    self._delete_unknown(session, strategy)
                    self.done["clear up"] += 1

    def mend(self) -> None:
        """Have AWS asked at once about old keys whose end failed for what only a person can mend, and has mended."""
        now = datetime.now(UTC)
        with Session(self._world.at.engine) as session, session.begin():
            stuck = select(AccessKey).where(AccessKey.state == KeyState.RETIRING.value, AccessKey.error_code != "")
            for key in session.scalars(stuck):
                ask_now(session, key, now)
                self.done["ask now"] += 1

    def end(self) -> None:
        """Let nothing fall due any more."""
        with Session(self._world.at.engine) as session, session.begin():
            for strategy in session.scalars(select(RotationStrategy)):
                planning.pause(session, strategy, "alice", datetime.now(UTC))

    def _delete_unknown(self, session: Session, strategy: RotationStrategy) -> None:
        of_it = select(AccessKey.access_key_id).where(AccessKey.strategy_id == strategy.id)
        known, iam = set(session.scalars(of_it)), self._world.aws.iam
        for row in iam.list_access_keys(UserName=strategy.user_name)["AccessKeyMetadata"]:
            if row["AccessKeyId"] not in known:
                iam.delete_access_key(UserName=strategy.user_name, AccessKeyId=row["AccessKeyId"])

    def _rotate(self, session: Session, strategy: RotationStrategy, now: datetime) -> None:
        request_rotation(session, strategy, by="alice", trigger=Trigger.BUTTON, now=now)

    def _pause(self, session: Session, strategy: RotationStrategy, now: datetime) -> None:
        planning.pause(session, strategy, "alice", now, now + timedelta(seconds=INTERVAL_S / 2))

    def _resume(self, session: Session, strategy: RotationStrategy, now: datetime) -> None:
        planning.resume(session, strategy, now)

    def _edit(self, _session: Session, strategy: RotationStrategy, _now: datetime) -> None:
        strategy.grace_s = GRACE_S + self._random.randrange(GRACE_S)

    def _keep_longer(self, session: Session, strategy: RotationStrategy, now: datetime) -> None:
        retiring = select(AccessKey).where(
            AccessKey.strategy_id == strategy.id, AccessKey.state == KeyState.RETIRING.value
        )
        for key in session.scalars(retiring):
            keep_longer(session, key, now + timedelta(seconds=GRACE_S), "alice", now)

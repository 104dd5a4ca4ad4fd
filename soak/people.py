"""What people do meanwhile, at random; and what only a person can clear up, done as the page says."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.exc import NoResultFound, OperationalError
from sqlalchemy.orm import Session

from models import AccessKey, KeyState, RotationStrategy, Trigger
from models.access_key import REPLACED
from rotation.ending.lost import clear_up
from rotation.ending.undoing import key_before, request_undo
from rotation.ending.wishes import ask_now, bring_back, end_now, keep_longer
from rotation.errors import RotationError
from rotation.requests import BeingDeletedError, request_rotation
from rotation.when import planning
from soak.deletions import Deletions
from soak.world import GRACE_S, INTERVAL_S, OF_PROGRAMS, World

_PROGRAMS_HAVE_THE_NEW_ONE = timedelta(seconds=3)
_IS_LOST = AccessKey.state == KeyState.LOST.value
_HAS_FAILED = AccessKey.state.in_([state.value for state in REPLACED]) & (AccessKey.error_code != "")


class People:
    """Alice, who presses buttons."""

    def __init__(self, seed: int, at: World) -> None:
        self._random, self._world = Random(f"people {seed}"), at
        self.deletions = Deletions(seed, at)
        self.done: Counter[str] = Counter()
        self._buttons = {
            self._rotate: 3, self._pause: 3, self._resume: 3, self._edit: 3, self._keep_longer: 3, self._retire_now: 4,
            self._bring_back: 6, self._undo: 2, self._delete: 3,
        }  # fmt: skip

    def act(self) -> None:
        """Press one button of one strategy."""
        (does,) = self._random.choices(list(self._buttons), list(self._buttons.values()))
        now = datetime.now(UTC)
        try:
            with Session(self._world.at.engine) as session, session.begin():
                theirs = RotationStrategy.deleting_at.is_(None), RotationStrategy.user_name.not_in(OF_PROGRAMS)
                ids = session.scalars(select(RotationStrategy.id).where(*theirs)).all()
                does(session, session.get_one(RotationStrategy, self._random.choice(ids)), now)
        except OperationalError:
            self.done["database away"] += 1
        except (RotationError, BeingDeletedError, NoResultFound) as refused:
            self.done[f"refused: {getattr(refused, 'code', 'it is being deleted')}"] += 1

    def look_after(self) -> None:
        """Do what pages ask a person for: clear up what is lost, ask again where AWS has said no, finish deletions."""
        try:
            if self._has_to_look_after():  # on SQLite whoever may write keeps all others from it
                with Session(self._world.at.engine) as session, session.begin():
                    self._clear_up(session, datetime.now(UTC))
                    self._mend(session, datetime.now(UTC))
            self.finish_deletions()
        except OperationalError:
            self.done["database away"] += 1

    def _has_to_look_after(self) -> bool:
        with Session(self._world.reading) as session:
            return session.scalar(select(AccessKey.id).where(_IS_LOST | _HAS_FAILED).limit(1)) is not None

    def finish_deletions(self) -> None:
        """Make anew the strategies that are gone by now."""
        with Session(self._world.at.engine) as session, session.begin():
            self.deletions.go_on(session, datetime.now(UTC))

    def end(self) -> None:
        """Let nothing fall due any more."""
        self.deletions.end()
        with Session(self._world.at.engine) as session, session.begin():
            for strategy in session.scalars(select(RotationStrategy).with_for_update()):
                planning.pause(session, strategy, "alice", datetime.now(UTC))

    def _clear_up(self, session: Session, now: datetime) -> None:
        """Delete what Keyturn says that it lost and can't find, as soon as it may be cleared up, and say so."""
        for key in session.scalars(select(AccessKey).where(_IS_LOST)):
            strategy = session.get(RotationStrategy, key.strategy_id)
            if strategy is not None and clear_up(session, key, strategy, by="alice", now=now):
                self._delete_unknown(session, strategy)
                self.done["clear up"] += 1

    def _mend(self, session: Session, now: datetime) -> None:
        """Have AWS asked at once about old keys whose end failed for what only a person can mend, and has mended."""
        for key in session.scalars(select(AccessKey).where(_HAS_FAILED)):
            ask_now(session, key, now)
            self.done["ask now"] += 1

    def _delete_unknown(self, session: Session, strategy: RotationStrategy) -> None:
        of_it = select(AccessKey.access_key_id).where(AccessKey.strategy_id == strategy.id)
        known, iam = set(session.scalars(of_it)), self._world.aws.iam
        for row in iam.list_access_keys(UserName=strategy.user_name)["AccessKeyMetadata"]:
            if row["AccessKeyId"] not in known:
                iam.delete_access_key(UserName=strategy.user_name, AccessKeyId=row["AccessKeyId"])

    def _rotate(self, session: Session, strategy: RotationStrategy, now: datetime) -> None:
        _, is_new = request_rotation(session, strategy, by="alice", trigger=Trigger.BUTTON, now=now)
        self._tell("rotate", is_new)

    def _pause(self, session: Session, strategy: RotationStrategy, now: datetime) -> None:
        planning.pause(session, strategy, "alice", now, now + timedelta(seconds=INTERVAL_S / 2))
        self.done["pause"] += 1

    def _resume(self, session: Session, strategy: RotationStrategy, now: datetime) -> None:
        planning.resume(session, strategy, now)
        self.done["resume"] += 1

    def _edit(self, _session: Session, strategy: RotationStrategy, _now: datetime) -> None:
        strategy.grace_s, strategy.watch_s = GRACE_S + self._random.randrange(GRACE_S), self._random.choice((0, 1, 4))
        self.done["edit"] += 1

    def _keep_longer(self, session: Session, strategy: RotationStrategy, now: datetime) -> None:
        for key in self._old_keys(session, strategy):
            self._tell("keep longer", keep_longer(session, key, now + timedelta(seconds=GRACE_S), "alice", now))

    def _retire_now(self, session: Session, strategy: RotationStrategy, now: datetime) -> None:
        for key in self._old_keys(session, strategy):
            if key.replaced_at is not None and key.replaced_at + _PROGRAMS_HAVE_THE_NEW_ONE <= now:
                self._tell("retire now", end_now(session, key, "alice", now))

    def _bring_back(self, session: Session, _strategy: RotationStrategy, now: datetime) -> None:
        inactive = select(AccessKey).where(AccessKey.state == KeyState.DEACTIVATED.value)
        for key in session.scalars(inactive.limit(1)):
            self._tell("bring back", bring_back(session, key, "alice", now))

    def _undo(self, session: Session, strategy: RotationStrategy, now: datetime) -> None:
        before = key_before(session, strategy.id)
        if before is not None:
            _, is_new = request_undo(session, strategy, before.id, by="alice", now=now)
            self._tell("undo", is_new)

    def _delete(self, session: Session, strategy: RotationStrategy, now: datetime) -> None:
        self.deletions.begin(session, strategy, now)

    def _old_keys(self, session: Session, strategy: RotationStrategy) -> list[AccessKey]:
        old = AccessKey.state.in_([state.value for state in REPLACED])
        return list(session.scalars(select(AccessKey).where(AccessKey.strategy_id == strategy.id, old)))

    def _tell(self, button: str, well: bool) -> None:  # noqa: FBT001 - what the button answered
        self.done[button if well else f"{button}: too late"] += 1

"""The practice values of `make demo`: a manager and targets at practice AWS, for forms to offer."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import select

from database import db
from models import RotationStrategy
from rotation.provider import KeyPair
from views.frame.services import config

CONNECTION_NAME = "practice-manager"
VERIFY_ROUNDS = 3
"""Practice AWS knows a new key soon."""


@dataclass(frozen=True)
class PracticeTarget:
    """A user whose key can be turned. Its secret key stays in the file."""

    user_name: str
    path: str
    access_key_id: str


@dataclass(frozen=True)
class PracticeValues:
    """What the form offers."""

    manager_name: str
    manager: KeyPair
    region: str
    targets: tuple[PracticeTarget, ...]

    def free_target(self) -> PracticeTarget | None:
        """The first target whose key no strategy turns yet."""
        taken = set(db.session.scalars(select(RotationStrategy.user_name)))
        return next((target for target in self.targets if target.user_name not in taken), None)


def practice_values() -> PracticeValues | None:
    """The values that the running demo wrote down; None when this is no demo, or it isn't ready yet."""
    if not config().practice:
        return None
    try:
        facts = json.loads((config().instance / "demo.json").read_text(encoding="utf-8"))
        manager = facts["manager"]
        targets = (PracticeTarget(each["user_name"], each["path"], each["access_key_id"]) for each in facts["targets"])
        pair = KeyPair(manager["access_key_id"], manager["secret_access_key"])
        return PracticeValues(manager["user_name"], pair, facts["aws"]["region"], tuple(targets))
    except (OSError, ValueError, KeyError, TypeError):
        return None

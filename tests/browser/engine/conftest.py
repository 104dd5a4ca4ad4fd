"""A project in which everything has happened that can happen to a key, written down and not lived through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import AccessKey, KeyState, Project, RotationStrategy
from models.watching.uses import KeyUse
from tests import turned
from tests.browser.installation import Installation

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
FOREIGN = "AKIAEXAMPLEFOREIGN01"


@dataclass
class Story:
    """Writes strategies of one project. No worker gets to any of their keys."""

    session: Session
    office: Installation
    project: Project
    now: datetime

    def strategy(self, name: str, *, turned_before: timedelta = 8 * DAY, **columns) -> RotationStrategy:
        """One that has rotated twice, 30 days apart."""
        values = {"due_at": self.now + 22 * DAY, "can_deactivate": True, **columns}
        made = turned.strategy(self.session, self.office.keyring, self.project, name, **values)
        turned.succeeded(self.session, made, at=self.now - turned_before - 30 * DAY)
        turned.succeeded(self.session, made, at=self.now - turned_before)
        return made

    def key(self, of: RotationStrategy, state: KeyState) -> AccessKey:
        wanted = AccessKey.strategy_id == of.id, AccessKey.state == state.value
        return self.session.scalars(select(AccessKey).where(*wanted)).one()

    def be_left_alone(self) -> None:
        later = self.now + 30 * DAY
        self.session.execute(update(AccessKey).values(look_at=later).where(AccessKey.project_id == self.project.id))


def _tell(story: Story) -> None:
    now = story.now
    for name in ("audit-export", "cdn-purger"):
        calm = story.strategy(name)
        turned.deleted(story.session, story.key(calm, KeyState.RETIRING), at=now - 6 * DAY)

    pause = {"paused_at": now - HOUR, "paused_by": "ana", "paused_until": now + 5 * DAY, "due_at": None}
    paused = story.strategy("checkout-api", **pause)
    turned.deleted(story.session, story.key(paused, KeyState.RETIRING), at=now - 6 * DAY)

    inactive = story.key(story.strategy("mail-relay", turned_before=2 * DAY), KeyState.RETIRING)
    inactive.state, inactive.deactivated_at = KeyState.DEACTIVATED.value, now - 2 * HOUR
    inactive.asked_at, inactive.retire_at = now - HOUR, now + 22 * HOUR

    leaked = story.key(story.strategy("search-index"), KeyState.ACTIVE)
    leaked.leaked_at, leaked.leaked_by = now - timedelta(minutes=10), "ana"

    kept = story.key(story.strategy("web-upload", turned_before=3 * DAY), KeyState.RETIRING)
    kept.state, kept.deactivated_at = KeyState.DEACTIVATED.value, now - 3 * DAY
    kept.leaked_at, kept.leaked_by = now - 3 * DAY, "ana"

    foreign = story.strategy("log-shipper")
    turned.deleted(story.session, story.key(foreign, KeyState.RETIRING), at=now - 6 * DAY)
    told = {"created_at": (now - 400 * DAY).isoformat(), "used_at": (now - 3 * HOUR).isoformat()}
    foreign.foreign_keys = [
        {"access_key_id": FOREIGN, "status": "Active", "service": "s3", "region": "eu-west-1", **told}
    ]

    drifted = story.key(story.strategy("image-resizer"), KeyState.ACTIVE)
    drifted.error_code = "published_key_deleted"
    drifted.error_facts = {"user": "image-resizer", "key": drifted.access_key_id or "", "said": "InvalidClientTokenId"}

    used = story.key(story.strategy("report-mailer"), KeyState.RETIRING)
    used.asked_at, used.last_used_at, used.quiet_at = now - HOUR, now - 2 * HOUR, now + 22 * HOUR
    used.last_used_service, used.last_used_region = "ses", "eu-west-1"
    for days, service in ((37, "s3"), (30, "ses"), (22, "ses"), (12, "s3"), (5, "ses"), (0, "ses")):
        at = now - days * DAY - 2 * HOUR
        story.session.add(KeyUse(key_id=used.id, used_at=at, service=service, region="eu-west-1", told_at=at + HOUR))

    story.strategy("ledger", turned_before=100 * DAY, due_at=None, interval_s=None)

    full = story.strategy("invoice-bot", existing_key_id=FOREIGN)
    turned.failed(story.session, full, "two_keys", at=now - HOUR, facts={"user": "invoice-bot", "known": "one of them"})


@pytest.fixture(scope="session")
def engine(office: Installation) -> dict[str, str]:
    """By IAM user, the address of its strategy's page."""
    address = office.make_project("engine")
    with office.session() as session, session.begin():
        project = session.scalars(select(Project).where(Project.name == "engine")).one()
        project.max_key_age_s = 90 * 86_400
        story = Story(session, office, project, datetime.now(UTC))
        _tell(story)
        story.be_left_alone()
        session.flush()
        named = session.execute(
            select(RotationStrategy.user_name, RotationStrategy.id).where(RotationStrategy.project_id == project.id)
        ).all()
    return {name: f"{address}/strategies/{number}" for name, number in named}

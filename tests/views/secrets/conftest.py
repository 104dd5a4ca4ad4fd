"""Secrets of `payments` in production:/api, and how they are looked at."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from crypto import Keyring
from models import AuditEntry, Project, RotationStrategy, Secret
from models.secret import create_secret, current_values
from tests import turned
from tests.fake_clock import START

PLACE = "environment=production&path=/api"


class Vault:
    """The secrets of `payments`, as the database has them."""

    def __init__(self, session: Session, keyring: Keyring, project: Project) -> None:
        self.session, self.project = session, project
        self.key = project.sealing_key(keyring)

    def add(
        self,
        name: str = "TOKEN",
        value: bytes = b"first value",
        *,
        environment: str = "production",
        path: str = "/api",
        comment: str = "",
        project: Project | None = None,
    ) -> Secret:
        made = self._create(name, value, environment, path, comment, project)
        self.session.commit()
        return made

    def add_many(self, count: int) -> None:
        """Secrets of new names at production:/api and at paths below."""
        there = self.session.query(Secret).count()
        for number in range(there, there + count):
            self._create(f"TOKEN_{number}", b"", "production", f"/api/{number}" if number % 9 == 1 else "/api")
        self.session.commit()

    def _create(
        self, name: str, value: bytes, environment: str, path: str, comment: str = "", project: Project | None = None
    ) -> Secret:
        place = next(each for each in (project or self.project).environments if each.name == environment)
        return create_secret(
            self.session,
            self.key,
            environment=place,
            path=path,
            name=name,
            value=value,
            now=START,
            author="alice",
            comment=comment,
        )

    def find(self, name: str) -> Secret | None:
        return self.session.query(Secret).filter_by(name=name).one_or_none()

    def value(self, secret: Secret) -> bytes:
        return current_values(self.session, self.key, [secret.id])[secret.id]

    def entries(self, action: str = "") -> list[AuditEntry]:
        entries = self.session.query(AuditEntry).order_by(AuditEntry.id)
        return list(entries.filter_by(action=action) if action else entries)


@pytest.fixture
def vault(session: Session, keyring: Keyring, payments: Project) -> Vault:
    return Vault(session, keyring, payments)


@pytest.fixture
def secret(vault: Vault) -> Secret:
    """production:/api TOKEN."""
    return vault.add()


@pytest.fixture
def billing(session: Session, keyring: Keyring, payments: Project) -> RotationStrategy:
    """A strategy that writes AWS_ACCESS_KEY and AWS_SECRET_ACCESS_KEY in production:/api."""
    made = turned.strategy(session, keyring, payments, "billing-api", path="/api")
    session.commit()
    return made

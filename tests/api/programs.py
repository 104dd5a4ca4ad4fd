"""Programs for tests: a token, and what it is answered."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from models import RotationStrategy, ServiceToken
from models.programs.token import give
from tests.fake_clock import START


def token(
    session: Session, *strategies: RotationStrategy, name: str = "billing", **columns: Any
) -> tuple[ServiceToken, str]:
    """A token for these strategies, made by bob, and its text."""
    secret = strategies[0].access_key_secret
    values = {"path": "/", "subtree": True, "networks": [], "created_at": START, "created_by": "bob", **columns}
    made = ServiceToken(
        project_id=secret.project_id, environment_id=values.pop("environment_id", secret.environment_id), name=name,
        strategies=list(strategies), **values,
    )  # fmt: skip
    text = give(made)
    session.add(made)
    session.flush()
    return made, text


def ask(client: Any, strategy: Any, text: str, query: str = "", **headers: str) -> Any:
    """The answer to a program that sends this token, as an SDK on Python does."""
    sent = {"Authorization": text, "User-Agent": "Botocore/1.44", "Accept": "application/json", **headers}
    number = getattr(strategy, "id", strategy)
    return client.get(f"/v1/credentials/{number}{query}", headers=sent)

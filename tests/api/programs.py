"""Programs for tests: a token, and what it is answered."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from models import Project, RotationStrategy, ServiceToken
from models.programs.token import give, name_strategies
from tests.fake_clock import START


def token(
    session: Session, *strategies: RotationStrategy, name: str = "billing", rotates: bool = False, **columns: Any
) -> tuple[ServiceToken, str]:
    """A token for these strategies' credentials, with `rotates` for their rotations too; made by bob, and its text."""
    values = {"path": "/", "subtree": True, "networks": [], "created_at": START, "created_by": "bob", **columns}
    if strategies:
        place = strategies[0].access_key_secret
        values = {"project_id": place.project_id, "environment_id": place.environment_id, **values}
    named = name_strategies(strategies, strategies if rotates else [])
    made = ServiceToken(name=name, named=named, **values)
    text = give(made)
    session.add(made)
    session.flush()
    return made, text


def ask(client: Any, strategy: Any, text: str, query: str = "", **headers: str) -> Any:
    """The answer to a program that sends this token, as an SDK on Python does."""
    sent = {"Authorization": text, "User-Agent": "Botocore/1.44", "Accept": "application/json", **headers}
    number = getattr(strategy, "id", strategy)
    return client.get(f"/v1/credentials/{number}{query}", headers=sent)


def reader(session: Session, project: Project, environment: str = "production", **columns: Any) -> tuple[Any, str]:
    """A token that reads secrets, and its text."""
    place = next(each for each in project.environments if each.name == environment)
    return token(session, project_id=project.id, environment_id=place.id, reads_secrets=True, **columns)


def read(client: Any, text: str, query: str = "", **headers: str) -> Any:
    """The answer to a program that reads secrets with this token."""
    return client.get(f"/api/v1/secrets{query}", headers={"Authorization": f"Bearer {text}", **headers})


def call(client: Any, method: str, address: str, text: str, json: Any = None, **headers: str) -> Any:
    """The answer to a program that asks this of the API with this token."""
    sent = {"Authorization": f"Bearer {text}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return client.open(f"/api/v1{address}", method=method, json=json, headers=sent, csrf=False)


def everything(session: Session, strategy: RotationStrategy, **columns: Any) -> tuple[ServiceToken, str]:
    """A token of all rights, and its text."""
    rights = {"rotates": True, "reads_secrets": True, "writes_secrets": True, **columns}
    return token(session, strategy, **rights)


def refused(response: Any) -> bool:
    """Whether this is the one answer to whoever may not."""
    return response.status_code == 401 and response.json["code"] == "refused"

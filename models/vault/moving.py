"""Moving secrets to another environment or path. Their ids stay, so the strategies that write them follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from models.copies.wanting import hold_copies, want_place
from models.project import Environment
from models.secret import Secret
from models.vault.adding import NameTakenError, refuse_taken
from models.vault.writers import Writer, writers


def with_partners(project_writers: dict[int, Writer], secret_ids: Iterable[int]) -> set[int]:
    """The ids, and with one of a strategy's two secrets the other: programs look for a pair at one place."""
    wanted = set(secret_ids)
    return wanted | {
        other for secret_id in wanted if secret_id in project_writers for other in project_writers[secret_id].secret_ids
    }


def move_secrets(
    session: Session, secret_ids: Iterable[int], environment: Environment, path: str, now: datetime
) -> list[tuple[Secret, str]]:
    """Move these secrets of the environment's project, pairs together, and return each with its old place.

    What is there already stays and isn't returned. Raises NameTakenError, and moves none, when the new place has a
    secret of one of the names.
    """
    wanted = with_partners(writers(session, environment.project_id), secret_ids)
    found = _locked(session, wanted, environment.project_id)
    moving = [each for each in found if (each.environment_id, each.path) != (environment.id, path)]
    names = [each.name for each in moving]
    place = f"{environment.name}:{path}"
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise NameTakenError(list(twice), place)
    refuse_taken(session, environment, path, names)
    moved = [(each, each.place) for each in moving]
    left = {(each.environment_id, each.path) for each in moving}
    try:
        with session.begin_nested():
            for each in moving:
                each.environment, each.path, each.updated_at = environment, path, now
    except IntegrityError:
        refuse_taken(session, environment, path, names)
        raise
    if moving:
        places = {*left, (environment.id, path)}
        hold_copies(session, places)
        for place_id, place_path in places:
            want_place(session, place_id, place_path, now)
    return moved


def _locked(session: Session, secret_ids: set[int], project_id: str) -> Sequence[Secret]:
    return session.scalars(
        select(Secret)
        .where(Secret.id.in_(secret_ids), Secret.project_id == project_id)
        .options(joinedload(Secret.environment))
        .order_by(Secret.id)
        .with_for_update(of=Secret)
        .execution_options(populate_existing=True)
    ).all()

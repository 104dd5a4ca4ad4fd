"""Getters of strategies, rotations and old keys, each with the check of the right to it: as views/fetch.py."""

from __future__ import annotations

from typing import TypeVar

from flask import abort
from sqlalchemy import select

from database import db
from models import AccessKey, Project, Rotation, RotationStrategy
from rotation.requests import old_key_of
from views.shown.facts import with_places

_LARGEST_ID = 2**31 - 1

T = TypeVar("T")


def get_strategy(project: Project, strategy_id: int) -> RotationStrategy:
    """The project's strategy of this id; else 404. `project` comes from `get_project`."""
    return _one(find_strategy(project, strategy_id))


def find_strategy(project: Project, strategy_id: int) -> RotationStrategy | None:
    """The same, or None when there is none, for a page that was open while it went."""
    mine = with_places(select(RotationStrategy)).where(RotationStrategy.project_id == project.id)
    return db.session.scalar(mine.where(RotationStrategy.id == sane_id(strategy_id)))


def get_rotation(project: Project, rotation_id: int) -> Rotation:
    """The project's rotation of this id; else 404. `project` comes from `get_project`."""
    return _one(find_rotation(project, rotation_id))


def find_rotation(project: Project, rotation_id: int) -> Rotation | None:
    """The same, or None when there is none, for a page that was open while its strategy went."""
    mine = select(Rotation).where(Rotation.project_id == project.id, Rotation.id == sane_id(rotation_id))
    return db.session.scalar(mine)


def get_old_key(strategy: RotationStrategy) -> AccessKey:
    """The strategy's replaced key that AWS still takes; else 404. `strategy` comes from `get_strategy`."""
    return _one(old_key_of(db.session(), strategy.id))


def _one(found: T | None) -> T:
    return abort(404) if found is None else found


def sane_id(number: int) -> int:
    """The id; 404 for one that the database can't have."""
    return number if 0 <= number <= _LARGEST_ID else abort(404)

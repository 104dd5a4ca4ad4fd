"""Getters that check the right to what they get: a view can't have the thing without the check.

Whoever may not see a thing gets the same 404 as for what doesn't exist.
"""

from __future__ import annotations

from flask import abort
from flask_login import current_user
from sqlalchemy import Select, false, select

from database import db
from models.connection import Connection
from models.project import Environment, Project, ProjectMember


def get_project(name: str) -> Project:
    """The project of this name, if the signed-in person may enter it; else 404."""
    found = db.session.scalar(_visible().where(Project.name == name))
    return found or abort(404)


def get_environment(project: Project, name: str) -> Environment:
    """The project's environment of this name; else 404. `project` comes from `get_project`."""
    found = db.session.scalar(select(Environment).where(Environment.project_id == project.id, Environment.name == name))
    return found or abort(404)


def get_connection(project: Project, name: str) -> Connection:
    """The project's connection of this name; else 404. `project` comes from `get_project`."""
    found = db.session.scalar(select(Connection).where(Connection.project_id == project.id, Connection.name == name))
    return found or abort(404)


def my_projects() -> list[Project]:
    """The projects that the signed-in person may enter, by name."""
    return list(db.session.scalars(_visible().order_by(Project.name)))


def _visible() -> Select[Project]:
    projects = select(Project)
    if not current_user.is_authenticated:
        return projects.where(false())
    if current_user.is_admin:
        return projects
    mine = select(ProjectMember.project_id).where(ProjectMember.user_id == current_user.id)
    return projects.where(Project.id.in_(mine))

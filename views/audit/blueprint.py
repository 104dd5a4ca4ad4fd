"""The addresses of the audit log, and who may read which part of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import Blueprint, abort, request, url_for
from flask_login import current_user
from sqlalchemy import or_, select

from database import db
from forms.audit import AuditFilter
from models import Project, ProjectMember, User
from models.reading.log import Filter
from views.fetch import get_project
from views.frame.times import reader_zone

bp = Blueprint("audit", __name__)

AUTOMATIC = ("schedule", "worker", "terminal")
"""Actors that aren't people."""


@dataclass(frozen=True)
class Log:
    """The part of the log that this request reads: a project's, or all of it."""

    project: Project | None
    form: AuditFilter

    @property
    def filter(self) -> Filter:
        """What is wanted of it; only with a form that validates."""
        return replace(self.form.filter, project_id=self.project.id if self.project else None)

    def url(self, view: str, **values: str | None) -> str:
        """The address of `list` or `csv` with the same filter; a value of None leaves a field out."""
        kept = {name: text for name, text in request.args.items() if text and name != "before"}
        endpoint = f"audit.{view}_project" if self.project else f"audit.{view}_everything"
        where = {"project_name": self.project.name} if self.project else {}
        return url_for(endpoint, **where, **(kept | values))  # type: ignore[arg-type]


def get_log(project_name: str | None) -> Log:
    """The log of the project, for those who may enter it; of everything, for administrators; else 404."""
    if project_name is None and not current_user.is_admin:
        abort(404)
    project = None if project_name is None else get_project(project_name)
    form = AuditFilter(request.args)
    form.offer([*_people(project), *AUTOMATIC], reader_zone())
    return Log(project, form)


def _people(project: Project | None) -> list[str]:
    people = select(User.name).order_by(User.name)
    if project is not None:
        members = select(ProjectMember.user_id).where(ProjectMember.project_id == project.id)
        people = people.where(or_(User.is_admin, User.id.in_(members)))
    return list(db.session.scalars(people))

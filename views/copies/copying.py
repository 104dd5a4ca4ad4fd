"""A copy: begun, changed, made now, removed."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from database import db
from forms.copies.copy import PathCopyForm, StrategyCopyForm
from models import Copy, Project, RotationStrategy
from models.audit import Action
from models.base import add_unless_there
from models.copies.copy import OUTPUTS
from models.copies.destination import destinations_of
from models.copies.wanting import want_copy
from rotation.copies.holding import let_go
from rotation.copies.kinds import KINDS
from rotation.copies.telling import forget
from views.copies.blueprint import bp, get_copy, page_of
from views.fetch import get_project
from views.fetch_rotation import get_strategy
from views.frame.identity import audit, me
from views.frame.services import courier, now
from views.htmx import dialog, done
from views.reauth import password_fresh_required
from views.shown.facts import with_places
from views.shown.values import page_values

_THERE = "It is copied there already: change that copy instead."


@bp.get("/add")
def show_add(project_name: str) -> ResponseReturnValue:
    """Show the form of a new copy: of a strategy's key, or with `of=path` of a path."""
    project = get_project(project_name)
    return _add_page(project, _form(project, of_path=_wants_path(), formdata=None, data=_asked()))


@bp.post("/add")
@password_fresh_required
def add(project_name: str) -> ResponseReturnValue:
    """Begin a copy."""
    project = get_project(project_name)
    form = _form(project, of_path=_wants_path())
    if not form.validate():
        return _add_page(project, form), 422
    copy = Copy(
        project_id=project.id, destination_id=form.destination.data, next_at=now(), created_at=now(),
        created_by=me().name, **_source(form),
    )  # fmt: skip
    if not add_unless_there(db.session(), copy):
        form.destination.errors = [_THERE]
        return _add_page(project, form), 422
    _audit(Action.COPY_CREATE, copy)
    db.session.commit()
    courier().copy(copy.id, copy.tries)
    return done(page_of(project, copy.destination_id), toast="The copy is on its way")


@bp.get("/of/<int:copy_id>/edit")
def show_edit(project_name: str, copy_id: int) -> ResponseReturnValue:
    """Show the form of a copy: its names, or its prefix."""
    project = get_project(project_name)
    copy = get_copy(project, copy_id)
    return _edit_page(
        project, copy, _form(project, of_path=copy.strategy_id is None, formdata=None, data=_stored(copy))
    )


@bp.post("/of/<int:copy_id>/edit")
@password_fresh_required
def edit(project_name: str, copy_id: int) -> ResponseReturnValue:
    """Give it other names there. What Keyturn made under the earlier ones is deleted."""
    project = get_project(project_name)
    copy = get_copy(project, copy_id)
    form = _form(project, of_path=copy.strategy_id is None)
    for name, value in _stored(copy).items():
        if name not in (*OUTPUTS, "prefix"):
            form[name].data = value
    if not form.validate():
        return _edit_page(project, copy, form), 422
    source = _source(form)
    want_copy(db.session(), copy.id, now(), names=source["names"], prefix=source["prefix"])
    _audit(Action.COPY_CHANGE, copy)
    db.session.commit()
    courier().copy(copy.id, copy.tries)
    return done(page_of(project, copy.destination_id), toast="Saved")


@bp.post("/of/<int:copy_id>/now")
def copy_now(project_name: str, copy_id: int) -> ResponseReturnValue:
    """Write everything anew, at once."""
    project = get_project(project_name)
    copy = get_copy(project, copy_id)
    want_copy(db.session(), copy.id, now())
    db.session.commit()
    courier().copy(copy.id, copy.tries)
    to, strategy_id = page_of(project, copy.destination_id), request.form.get("back", type=int)
    if strategy_id is not None:
        to = url_for("strategies.show", project_name=project.name, strategy_id=strategy_id) + "#copies"
    return done(to, toast="The copy is on its way")


@bp.get("/of-strategy/<int:strategy_id>")
def show_of_strategy(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Where the copies of a strategy's key stand, for a page that waits for one."""
    project = get_project(project_name)
    return render_template("copies/_of_strategy.html", **page_values(project, get_strategy(project, strategy_id)))


@bp.get("/of/<int:copy_id>/remove")
def confirm_remove(project_name: str, copy_id: int) -> ResponseReturnValue:
    """Ask whether what Keyturn made there is to be deleted."""
    project = get_project(project_name)
    copy = get_copy(project, copy_id)
    back = page_of(project, copy.destination_id)
    kind = KINDS[copy.destination.kind]
    return dialog("copies/_remove.html", project=project, copy=copy, kind=kind, back=back, what=copy.what)


@bp.post("/of/<int:copy_id>/remove")
@password_fresh_required
def remove(project_name: str, copy_id: int) -> ResponseReturnValue:
    """End a copy: at once, or once what Keyturn made there is deleted."""
    project = get_project(project_name)
    copy = get_copy(project, copy_id)
    to, delete = page_of(project, copy.destination_id), request.form.get("there") == "delete"
    _audit(Action.COPY_DELETE, copy, deletes_there=delete)
    if delete and copy.made and KINDS[copy.destination.kind].can_delete:
        want_copy(db.session(), copy.id, now(), removing_at=now())
        db.session.commit()
        courier().copy(copy.id, copy.tries)
        return done(to, toast="What Keyturn made there is being deleted")
    forget(db.session(), copy)
    db.session.delete(copy)
    let_go(db.session(), project.id, now())
    db.session.commit()
    return done(to, toast="It is no longer copied")


def _form(project: Project, *, of_path: bool, **given: Any) -> StrategyCopyForm | PathCopyForm:
    """The form of a path's copy or of a strategy's, with what the project has to choose from."""
    form = PathCopyForm(**given) if of_path else StrategyCopyForm(**given)
    form.offer(destinations_of(db.session(), project.id))
    if isinstance(form, PathCopyForm):
        form.offer_environments(project.environments)
    else:
        mine = select(RotationStrategy).where(
            RotationStrategy.project_id == project.id, RotationStrategy.access_key_secret_id.is_not(None)
        )
        form.offer_strategies(db.session.scalars(with_places(mine).order_by(RotationStrategy.user_name)).all())
    return form


def _wants_path() -> bool:
    return request.args.get("of") == "path"


def _asked() -> dict[str, Any]:
    """What the address chooses beforehand."""
    values: dict[str, Any] = {name: request.args[name] for name in ("destination", "path") if name in request.args}
    for name in ("strategy", "environment"):
        if (number := request.args.get(name, type=int)) is not None:
            values[name] = number
    return values


def _stored(copy: Copy) -> dict[str, Any]:
    if copy.strategy_id is None:
        place = {"environment": copy.environment_id, "path": copy.path, "prefix": copy.prefix}
        return {"destination": copy.destination_id, **place}
    unnamed = dict.fromkeys(OUTPUTS, "")
    return {"destination": copy.destination_id, "strategy": copy.strategy_id, **unnamed, **copy.names}


def _source(form: StrategyCopyForm | PathCopyForm) -> dict[str, Any]:
    if isinstance(form, StrategyCopyForm):
        return {"strategy_id": form.strategy.data, "names": form.names, "prefix": ""}
    place = {"environment_id": form.environment.data, "path": form.path.data}
    return {**place, "prefix": form.prefix.data or "", "names": {}}


def _add_page(project: Project, form: StrategyCopyForm | PathCopyForm) -> str:
    if not form.destination.choices:
        return render_template("copies/choose.html", project=project)
    is_path = isinstance(form, PathCopyForm)
    return render_template("copies/add.html", project=project, form=form, is_path=is_path)


def _edit_page(project: Project, copy: Copy, form: StrategyCopyForm | PathCopyForm) -> str:
    values = {"copy": copy, "form": form, "is_path": copy.strategy_id is None, "what": copy.what}
    return render_template("copies/edit.html", project=project, back=page_of(project, copy.destination_id), **values)


def _audit(action: Action, copy: Copy, **detail: Any) -> None:
    facts = {"project_id": copy.project_id, "strategy_id": copy.strategy_id, "what": copy.what}
    audit(action, copy.destination.name, **facts, **detail)

"""Confirming what is to be done to many strategies, and watching it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from database import db
from forms import zones
from forms.strategy.many import PauseMany, RescheduleMany, ResumeMany, RotateMany
from models import Batch, Deed, Project
from models.many.progress import recent
from rotation.many import batches
from views.bulk.blueprint import bp
from views.bulk.choice import Choice, choice_of, count_old_keys, count_running
from views.bulk.times import ManyTimes
from views.fetch import get_project
from views.fetch_rotation import sane_id
from views.frame.identity import me
from views.frame.services import now, services
from views.frame.times import reader_zone
from views.htmx import dialog, done, wants_partial

_FORMS = {
    Deed.ROTATE: RotateMany,
    Deed.PAUSE: PauseMany,
    Deed.RESUME: ResumeMany,
    Deed.SCHEDULE: RescheduleMany,
}
_PAUSE_OFFERED = timedelta(days=7)
_DONE_AT_ONCE = 25
"""So many are done while the person waits; the workers do the rest."""


@bp.get("")
def confirm(project_name: str) -> ResponseReturnValue:
    """Ask whether it is to be done to so many, and how."""
    project = get_project(project_name)
    return _dialog(project, choice_of(project), posted=False)


@bp.post("")
def start(project_name: str) -> ResponseReturnValue:
    """Do it. When by now it is about another number than was confirmed, ask again."""
    project = get_project(project_name)
    choice = choice_of(project)
    form = _form(choice, posted=True)
    if request.form.get("number", type=int) != choice.number or not choice.ids or not form.validate():
        return _dialog(project, choice, form, posted=True)
    batch = Batch(
        project_id=project.id, deed=choice.deed.value, at=now(), by=me().name, actor_id=me().id,
        address=request.remote_addr or "", until=form.end if choice.deed is Deed.PAUSE else None,
        schedule=batches.columns(form.schedule) if choice.deed is Deed.SCHEDULE else None,
    )  # fmt: skip
    batches.start(db.session(), batch, choice.ids)
    db.session.commit()
    _begin(batch)
    return done(url_for("strategies.list_strategies", project_name=project.name))


@bp.post("/preview")
def preview(project_name: str) -> ResponseReturnValue:
    """Show when the keys would turn, as far as the new schedule is filled in."""
    project = get_project(project_name)
    choice = choice_of(project)
    if choice.deed is not Deed.SCHEDULE:
        abort(400)
    form = _form(choice, posted=True)
    if not wants_partial():
        return _dialog(project, choice, form, posted=False)
    values = {"project": project, "form": form, "reader_zone": reader_zone().key, "draft": ManyTimes(form, choice)}
    return render_template("strategy_form/when/_previewed.html", **values)


@bp.get("/<int:batch_id>")
def watch(project_name: str, batch_id: int) -> ResponseReturnValue:
    """How far it is; asked for again and again until it is done."""
    project = get_project(project_name)
    found = recent(db.session(), project.id, now(), sane_id(batch_id)) or abort(404)
    if not wants_partial():
        return redirect(url_for("strategies.list_strategies", project_name=project.name))
    return render_template("bulk/_progress.html", project=project, progress=found[0])


def _begin(batch: Batch) -> None:
    courier, batch_id = services().courier, batch.id
    for number, rotation in enumerate(batches.work(db.session(), batch_id, now), start=1):
        if rotation is not None:
            courier.rotation(rotation.id, rotation.claims)
        if number == _DONE_AT_ONCE:
            courier.batch(batch_id)
            return


def _form(choice: Choice, *, posted: bool) -> Any:
    form = _FORMS[choice.deed]() if posted else _FORMS[choice.deed](formdata=None)
    if isinstance(form, PauseMany):
        form.zone, form.now = reader_zone(), now()
        if not posted:
            form.until.data = (now() + _PAUSE_OFFERED).astimezone(reader_zone()).replace(second=0, microsecond=0)
    if isinstance(form, RescheduleMany):
        form.needs = choice.needs
        if not posted:
            form.zone.data = reader_zone().key
    return form


def _dialog(project: Project, choice: Choice, form: Any = None, *, posted: bool) -> ResponseReturnValue:
    is_rotation = choice.deed is Deed.ROTATE
    form = form or _form(choice, posted=posted)
    times = {"draft": ManyTimes(form, choice)} if isinstance(form, RescheduleMany) else {}
    return dialog(
        "bulk/_confirm.html", 422 if posted else 200, project=project, choice=choice,
        form=form, zones=zones.OFFERED, reader_zone=reader_zone().key,
        changed=posted and request.form.get("number", type=int) != choice.number,
        old_keys=count_old_keys(choice.ids) if is_rotation else 0,
        running=count_running(choice.ids) if is_rotation else 0, **times,
    )  # fmt: skip

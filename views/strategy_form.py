"""The form of a rotation strategy: new and edit, with its live parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import Field

from forms import lengths, zones
from forms.strategy.manager import REGIONS
from models import Project, RotationStrategy
from rotation.setup.connections import Refused
from rotation.setup.policy import GAINS
from views.drafts.draft import Draft, draft
from views.drafts.saving import ask_aws, blame, save
from views.drafts.start import choose_usual, use_practice_values
from views.fetch import get_project
from views.fetch_rotation import get_strategy
from views.frame.times import reader_zone
from views.htmx import done, page_or_partial, wants_partial

bp = Blueprint("strategy_form", __name__, url_prefix="/projects/<project_name>/strategies")

_TO_CHECK = ("manager", "manager_access_key", "manager_secret_key", "manager_region", "connection", "iam_username")


@bp.get("/new/aws-iam")
def show_new(project_name: str) -> ResponseReturnValue:
    """Show the form of a new strategy, on request with the practice values."""
    new = draft(get_project(project_name), posted=False)
    if "practice" in request.args:
        use_practice_values(new.form)
    return _form(new)


@bp.post("/new/aws-iam")
def create(project_name: str) -> ResponseReturnValue:
    """Check the manager, then save the strategy."""
    return _submit(draft(get_project(project_name)))


@bp.post("/new/aws-iam/check")
def check_new(project_name: str) -> ResponseReturnValue:
    """Ask AWS about the manager and target of a new strategy."""
    return _check(draft(get_project(project_name)))


@bp.post("/new/aws-iam/preview")
def preview_new(project_name: str) -> ResponseReturnValue:
    """Show what a new strategy would do, as far as it is filled in."""
    return _preview(draft(get_project(project_name)))


@bp.get("/<int:strategy_id>/edit")
def show_edit(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Show the strategy's form; the one of a manager's own key is the connection's."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    if strategy.turns_manager:
        return redirect(f"/projects/{project.name}/connections/{strategy.connection.name}/turn")
    return _form(draft(*_strategy(project_name, strategy_id), posted=False))


@bp.post("/<int:strategy_id>/edit")
def edit(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Check the manager, then change the strategy at once."""
    return _submit(draft(*_strategy(project_name, strategy_id)))


@bp.post("/<int:strategy_id>/edit/check")
def check_edit(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Ask AWS about the manager and target as they are filled in."""
    return _check(draft(*_strategy(project_name, strategy_id)))


@bp.post("/<int:strategy_id>/edit/preview")
def preview_edit(project_name: str, strategy_id: int) -> ResponseReturnValue:
    """Show what the strategy would do, as far as it is filled in."""
    return _preview(draft(*_strategy(project_name, strategy_id)))


def _strategy(project_name: str, strategy_id: int) -> tuple[Project, RotationStrategy]:
    """The strategy, unless its deletion only waits for AWS: then there is nothing to edit any more."""
    project = get_project(project_name)
    strategy = get_strategy(project, strategy_id)
    return abort(404) if strategy.deleting_at is not None or strategy.turns_manager else (project, strategy)


def _submit(filled: Draft) -> Response:
    form = filled.form
    if not form.validate():
        form.ask_again()
        return _form(filled, 422)
    strategy_id = filled.strategy.id if filled.strategy else None
    report = ask_aws(filled)
    if strategy_id is not None:
        get_strategy(filled.project, strategy_id)  # it may have been deleted while AWS was asked
    if report.failed and not form.save_anyway.data:
        blame(filled, report)
        form.ask_again()
        return _form(filled, 422)
    try:
        strategy = save(filled, report)
    except Refused as refused:
        form[refused.field].errors = [str(refused)]
        form.ask_again()
        return _form(filled, 422)
    page = f"/projects/{filled.project.name}/strategies"
    if filled.strategy is None:
        return done(f"{page}#strategy-{strategy.id}", toast=f"Strategy for {strategy.user_name} saved")
    return done(f"{page}/{strategy.id}", toast="Saved")


def _check(filled: Draft) -> Response:
    form = filled.form
    choose_usual(form)
    form.validate()
    missing = [form[name] for name in _TO_CHECK if form[name].errors]
    if not missing:
        ask_aws(filled)
    return _part("strategy_form/_checked.html", filled, missing)


def _preview(filled: Draft) -> Response:
    choose_usual(filled.form)
    if request.form.get("preset") == "signed-urls":
        filled.form.keep_for_signed_urls()
        return _part("strategy_form/_preset.html", filled)
    partial = "_relisted" if request.form.get("part") == "outputs" else "_previewed"
    return _part(f"strategy_form/{partial}.html", filled)


def _part(partial: str, filled: Draft, missing: Sequence[Field] = ()) -> Response:
    """The part for htmx; else the page with all that was typed but the secrets, and no complaints."""
    if wants_partial():
        return Response(render_template(partial, **_values(filled), missing=missing))
    for field in filled.form:
        field.errors = []
    filled.form.ask_again()
    return _form(filled, missing=missing)


def _form(filled: Draft, status: int = 200, missing: Sequence[Field] = ()) -> Response:
    page, partial = "strategy_form/page.html", "strategy_form/_form.html"
    return page_or_partial(page, partial, status, **_values(filled), missing=missing, tab="strategies")


def _values(filled: Draft) -> dict[str, Any]:
    return {
        "project": filled.project,
        "draft": filled,
        "form": filled.form,
        "regions": REGIONS,
        "gains": GAINS,
        "zones": zones.OFFERED,
        "reader_zone": reader_zone().key,
        "shortest_quiet": lengths.spell(filled.form.shortest_quiet_s),
    }

"""What is shown once: a new token, another value for one."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from database import db
from forms.tokens import NewToken, RotateToken
from models import Project, RotationStrategy, ServiceToken
from models.audit import Action
from models.base import add_unless_there
from models.programs.token import give, name_strategies, rotate
from rotation.programs.sessions import want_session
from views.fetch import get_project
from views.frame.identity import audit, me
from views.frame.services import courier, now
from views.htmx import dialog
from views.reauth import password_fresh_required
from views.shown.facts import with_places
from views.tokens.blueprint import bp, get_token


@bp.get("/new")
def show_new(project_name: str) -> ResponseReturnValue:
    """Show the form of a new token."""
    project = get_project(project_name)
    form = _form(project, _strategies(project))
    form.begin()
    return render_template("tokens/new.html", project=project, form=form)


@bp.post("/new")
@password_fresh_required
def make(project_name: str) -> ResponseReturnValue:
    """Make a token and show it, once."""
    project = get_project(project_name)
    offered = _strategies(project)
    form = _form(project, offered)
    if not form.validate():
        return render_template("tokens/new.html", project=project, form=form), 422
    token = _new(project, form, offered)
    text = give(token)
    if not add_unless_there(db.session(), token):
        form.name.errors = [f"There is a token {form.name.data} in this project, or was. Choose another name."]
        return render_template("tokens/new.html", project=project, form=form), 422
    audit(Action.TOKEN_CREATE, token.name, project_id=project.id, **_facts(form))
    wanted = [want_session(db.session(), strategy, now()) for strategy in token.strategies]
    db.session.commit()
    for strategy_id, fetches in filter(None, wanted):
        courier().session(strategy_id, fetches)
    return render_template("tokens/shown.html", project=project, token=token, text=text)


def _new(project: Project, form: NewToken, offered: list[RotationStrategy]) -> ServiceToken:
    fetched, rotated = (
        [one for one in offered if one.id in chosen] for chosen in (form.strategies.data, form.rotates.data)
    )
    return ServiceToken(
        project_id=project.id, environment_id=form.environment.data, path=form.path.data, subtree=form.subtree.data,
        reads_secrets=form.reads_secrets.data, writes_secrets=form.writes_secrets.data,
        name=form.name.data, note=form.note.data or "", networks=form.allowed, expires_at=form.expires_at(now()),
        created_at=now(), created_by=me().name, named=name_strategies(fetched, rotated),
    )  # fmt: skip


@bp.get("/<int:token_id>/rotate")
def confirm_rotate(project_name: str, token_id: int) -> ResponseReturnValue:
    """Ask how long the present value goes on working."""
    project = get_project(project_name)
    token = get_token(project, token_id)
    return _rotate_dialog(project, token, RotateToken(formdata=None))


@bp.post("/<int:token_id>/rotate")
@password_fresh_required
def rotate_token(project_name: str, token_id: int) -> ResponseReturnValue:
    """Give the token another value and show that, once."""
    project = get_project(project_name)
    token, form = get_token(project, token_id), RotateToken()
    if not form.validate():
        return _rotate_dialog(project, token, form, 422)
    text = rotate(token, form.length, now())
    audit(Action.TOKEN_ROTATE, token.name, project_id=project.id, overlap_s=int(form.length.total_seconds()))
    db.session.commit()
    return render_template("tokens/shown.html", project=project, token=token, text=text)


def _rotate_dialog(project: Project, token: ServiceToken, form: RotateToken, status: int = 200) -> ResponseReturnValue:
    back = url_for(".list_tokens", project_name=project.name)
    return dialog("tokens/_rotate.html", status, project=project, token=token, form=form, back=back)


def _strategies(project: Project) -> list[RotationStrategy]:
    mine = with_places(select(RotationStrategy)).where(
        RotationStrategy.project_id == project.id, RotationStrategy.deleting_at.is_(None)
    )
    return list(db.session.scalars(mine.order_by(RotationStrategy.user_name)))


def _form(project: Project, strategies: list[RotationStrategy]) -> NewToken:
    form = NewToken()
    form.offer(project.environments, strategies)
    return form


def _facts(form: NewToken) -> dict[str, object]:
    names = {choice.value: choice.label for choice in form.strategies.choices}
    environments = {choice.value: choice.label for choice in form.environment.choices}
    below = " and below" if form.subtree.data else ""
    return {
        "place": f"{environments[form.environment.data]}:{form.path.data}{below}",
        "reads_secrets": form.reads_secrets.data,
        "writes_secrets": form.writes_secrets.data,
        "credentials_of": sorted(names[each] for each in form.strategies.data),
        "rotates": sorted(names[each] for each in form.rotates.data),
        "expires": f"in {form.expires.data} days" if form.expires.data else "never",
        "addresses": form.allowed or ["any"],
    }

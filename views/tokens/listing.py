"""Which tokens there are, and a token's end."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from database import db
from models.audit import Action
from models.programs.handed import last_reads
from models.programs.token import tokens_of
from views.fetch import get_project
from views.frame.identity import audit, me
from views.frame.services import now
from views.htmx import dialog, done
from views.tokens.blueprint import bp, get_token


@bp.get("")
def list_tokens(project_name: str) -> ResponseReturnValue:
    """Show the project's tokens."""
    project = get_project(project_name)
    tokens, reads = tokens_of(db.session(), project.id), last_reads(db.session(), project.id)
    return render_template("tokens/list.html", project=project, tokens=tokens, reads=reads, now=now())


@bp.get("/<int:token_id>/revoke")
def confirm_revoke(project_name: str, token_id: int) -> ResponseReturnValue:
    """Ask once more."""
    project = get_project(project_name)
    token = get_token(project, token_id)
    return dialog(
        "tokens/_revoke.html", project=project, token=token, back=url_for(".list_tokens", project_name=project.name)
    )


@bp.post("/<int:token_id>/revoke")
def revoke(project_name: str, token_id: int) -> ResponseReturnValue:
    """Let the token in no more, from now on."""
    project = get_project(project_name)
    token = get_token(project, token_id)
    token.revoked_at, token.revoked_by = now(), me().name
    audit(Action.TOKEN_REVOKE, token.name, project_id=project.id)
    db.session.commit()
    return done(url_for(".list_tokens", project_name=project.name), toast=f"Token {token.name} revoked")

"""The answer to a page that was open while its strategy was deleted."""

from __future__ import annotations

from flask import Response, abort, render_template

from database import db
from models import Project
from models.reading.log import deletion_of
from views.htmx import answer, wants_partial

STOP = 286
"""The status by which htmx shows the answer and asks no more."""


def gone(project: Project, strategy_id: int) -> Response:
    """In place of the whole page: who deleted the strategy, and when. 404 for one that never was, and without htmx.

    `project` comes from `get_project`.
    """
    deletion = deletion_of(db.session(), project.id, strategy_id) if wants_partial() else None
    if deletion is None:
        abort(404)
    page = render_template("strategies/_gone.html", project=project, deletion=deletion)
    return answer(page, STOP, retarget="#main", reswap="innerHTML")

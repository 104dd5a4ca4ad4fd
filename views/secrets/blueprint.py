"""The addresses of secrets: `/secrets/ENV/PATH` is a place, `/secret/ID` one of them."""

from __future__ import annotations

from flask import Blueprint
from markupsafe import Markup

bp = Blueprint("secrets", __name__, url_prefix="/projects/<project_name>")


@bp.app_template_filter("in_pre")
def in_pre(text: str) -> Markup:
    """The text for the content of a <pre>, such that reading it back gives the same text.

    A browser's parser drops a line break right after the tag, and takes CRLF for LF.
    """
    return Markup("\n{}").format(text).replace("\r", Markup("&#13;"))

"""One answer for both kinds of reader: a whole page for a plain request, a partial for htmx."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, flash, redirect, render_template
from htmx_flask import make_response, request
from markupsafe import Markup

_TABLE_PARTS = ("tbody", "tr", "td", "th")


def answer(body: Any, status: int = 200, **headers: Any) -> Response:
    """A response with htmx's headers: `trigger`, `redirect`, `retarget`, `reswap`, `push_url` and so on."""
    response: Response = make_response(body, status, **headers)
    return response


def page_or_partial(page: str, partial: str, /, status: int = 200, **values: Any) -> Response:
    """The template `page`, or just its `partial` when htmx asks; both get the same values.

    Use status 422 for a form that comes back with errors: htmx swaps it like a 200.
    """
    template = partial if wants_partial() else page
    return answer(render_template(template, **values), status)


def dialog(partial: str, status: int = 200, **values: Any) -> Response:
    """A dialog's partial for `#dialog`, or a page that holds nothing but the dialog.

    Give `project` to keep its tabs on that page. The partial is a `{% call dialog(...) %}` of macros/dialog.html.
    """
    if wants_partial():
        # Out of band: htmx then finds #dialog even if the page's news have replaced what was pressed meanwhile.
        shown = Markup(render_template(partial, **values))  # noqa: S704 - rendered by Jinja, escaped
        return answer(_into("#dialog", shown), status, reswap="none")
    page = "project_dialog.html" if "project" in values else "dialog.html"
    return answer(render_template(page, partial=partial, **values), status)


def done(to: str, html: str = "", *, toast: str = "", close_dialog: bool = True) -> Response:
    """After a change: for htmx the partials in `html` (see `out_of_band`), else a redirect to the path `to`.

    `toast` confirms what is visible anyway; it never carries an error. Without `html`, htmx goes to `to` as well.
    """
    if wants_partial() and html:
        events: dict[str, str | bool] = {"toast": toast} if toast else {}
        if close_dialog:
            events["close-dialog"] = True
        return answer(html, trigger=events or None)
    if toast:
        flash(toast)
    if wants_partial():
        return answer("", redirect=to)
    return answer(redirect(to), 303)


def out_of_band(html: str) -> Markup:
    """The partial, marked to replace the element of its own id wherever the main swap goes."""
    marked, found = re.subn(r"^\s*<([a-z]+)", r'<\1 hx-swap-oob="true"', html, count=1)
    if not found:
        raise ValueError("a partial starts with its element")
    # A browser's parser drops table parts outside a table, but not inside <template>.
    name = re.match(r"<([a-z]+)", marked)
    in_table = name is not None and name[1] in _TABLE_PARTS
    return Markup(f"<template>{marked}</template>" if in_table else marked)  # noqa: S704 - rendered by Jinja, escaped


def live(text: str) -> Markup:
    """Text for screen readers, read out when it differs from the last."""
    return _into("#live", text)


def _into(place: str, content: str) -> Markup:
    """The content, for the element at `place`; text is escaped, Markup isn't."""
    return Markup('<div hx-swap-oob="innerHTML:{}">{}</div>').format(place, content)


def wants_partial() -> bool:
    """Whether htmx asks for a part of the page; going back in history wants the whole."""
    return bool(request.htmx) and not request.htmx.history_restore_request

"""The addresses of programs: described, open to tokens alone, each error a problem."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

import flask
import flask_smorest
from marshmallow import Schema, ValidationError
from webargs import missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from api.door import want_token
from api.problems import Problem, invalid, told_as_problems
from views.frame.identity import public

View = Callable[..., Any]
Decorator = Callable[[View], View]

_ALWAYS = (400, 401, 429, 503)
_WRITING = (409, 413, 415, 422)


class _Parser(FlaskParser):
    """Reads what is sent, and says as a problem what is wrong with it."""

    def load_json(self, req: Any, _schema: Schema) -> Any:
        """The body, missing where there is none."""
        if not req.get_data():
            return missing
        if not req.is_json:
            raise UnsupportedMediaType
        try:
            return json.loads(req.get_data())
        except (ValueError, RecursionError):
            raise Problem(400, "bad-json", "Not JSON", "The body isn't JSON in UTF-8. Nothing was changed.") from None

    def handle_error(  # type: ignore[override]
        self, error: ValidationError, _req: Any, _schema: Schema, **_options: Any
    ) -> None:
        """Tell of each field."""
        found: dict[str, list[str]] = {}
        for by_field in error.normalized_messages().values():  # type: ignore[no-untyped-call]
            for name, said in by_field.items() if isinstance(by_field, dict) else [("", by_field)]:
                found[str(name)] = said if isinstance(said, list) else [str(said)]
        raise invalid(found)


class Programs(flask_smorest.Blueprint):  # type: ignore[misc]
    """Addresses that want a token before anything else is looked at, and that the description holds."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, name: str) -> None:
        super().__init__(name, __name__)
        told_as_problems(self)
        self.before_request(want_token_first)
        self._prepare_doc_cbks.append(self._describe_more)

    def add_url_rule(self, rule: str, endpoint: Any = None, view_func: Any = None, *args: Any, **options: Any) -> None:
        """As Flask's; who isn't signed in gets in as well, for the token decides."""
        view = note(view_func, "numbered") if "<int:" in rule else view_func
        super().add_url_rule(rule, endpoint, public(view), *args, **options)

    def get(self, rule: str, **options: Any) -> Decorator:
        """Let the view answer GET there."""
        return self._typed(rule, "GET", options)

    def post(self, rule: str, **options: Any) -> Decorator:
        """Let the view answer POST there."""
        return self._typed(rule, "POST", options)

    def patch(self, rule: str, **options: Any) -> Decorator:
        """Let the view answer PATCH there."""
        return self._typed(rule, "PATCH", options)

    def delete(self, rule: str, **options: Any) -> Decorator:
        """Let the view answer DELETE there."""
        return self._typed(rule, "DELETE", options)

    def _typed(self, rule: str, method: str, options: dict[str, Any]) -> Decorator:
        decorator: Decorator = self.route(rule, methods=[method], **options)
        return decorator

    def arguments(self, schema: type[Schema], **options: Any) -> Decorator:
        """Give the view what was sent, first."""
        decorator: Decorator = super().arguments(schema, **options)
        return decorator

    def response(self, status: int, schema: type[Schema] | None = None, **options: Any) -> Decorator:
        """Answer what the view returns."""
        decorator: Decorator = super().response(status, schema, **options)
        return decorator

    def conditional(self, view: View) -> View:
        """Answer 304 as long as nothing has changed since the answer whose `ETag` is in `If-None-Match`."""

        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            response = view(*args, **kwargs)
            response.add_etag()
            return response.make_conditional(flask.request)

        return note(wrapper, "conditional")

    def _describe_more(self, doc: dict[str, Any], info: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        responses = doc.setdefault("responses", {})
        parameters = doc.setdefault("parameters", [])
        also = [*_ALWAYS, *([404] if info.get("numbered") else [])]
        if info.get("conditional"):
            responses[304] = {"description": "Nothing has changed."}
            parameters.append("IF_NONE_MATCH")
        if info.get("writing"):
            also.extend(_WRITING)
            parameters.append("IDEMPOTENCY_KEY")
        if info.get("matched"):
            also.append(412)
            parameters.append("IF_MATCH")
        for status in also:
            responses.setdefault(status, HTTPStatus(status).name)
        return doc


def note(view: View, name: str) -> View:
    """Have the description know that the view is such a one."""
    view._apidoc = {**getattr(view, "_apidoc", {}), name: True}  # type: ignore[attr-defined] # noqa: SLF001 - flask-smorest's place
    return view


def described_as_conditional(view: View) -> View:
    """Have the description know that the view itself answers 304 while nothing has changed."""
    return note(view, "conditional")


def described_as_matched(view: View) -> View:
    """Have the description know that the view looks at `If-Match`."""
    return note(view, "matched")


def want_token_first() -> None:
    """Let in whoever has a token; refuse all others alike, before their request is read."""
    want_token()


bp = Programs("api")

"""The addresses of projects."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue
from flask_login import current_user

bp = Blueprint("projects", __name__)

V = TypeVar("V", bound=Callable[..., ResponseReturnValue])


def administrators_only(view: V) -> V:
    """Whoever isn't an administrator finds nothing here."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        return view(*args, **kwargs) if current_user.is_admin else abort(404)

    return guarded  # type: ignore[return-value]

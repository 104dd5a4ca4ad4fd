"""What all forms share."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms.validators import ValidationError


def stripped(value: str | None) -> str | None:
    """A filter for fields in which blanks at the ends are never meant; not for secrets, kept byte for byte."""
    return value.strip() if isinstance(value, str) else value


def lowered(value: str | None) -> str | None:
    """A filter for names in lower case."""
    return value.strip().lower() if isinstance(value, str) else value


class Form(FlaskForm):  # type: ignore[misc]
    """A form with its CSRF token. Fields of passwords come back empty."""

    def data_of(self, *names: str) -> dict[str, Any]:
        """The values of these fields, by name."""
        return {name: self[name].data for name in names}


def refuse(problem: str | None) -> None:
    """Raise what is wrong with a field, if something is: for validators that have a model's `..._problem`."""
    if problem:
        raise ValidationError(problem)

"""What is sent and answered about secrets."""

from __future__ import annotations

import base64
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates

from api.fields import Answer, Moment, Text
from api.paging import PageAnswer
from api.waiting import wait_field
from forms.secrets import COMMENT_LENGTH, line_problem
from forms.values import value_problem
from models.project import normal_path
from models.secret import MAX_VALUE_BYTES, name_problem

_NAME_PATTERN = {"pattern": "^[A-Za-z_][A-Za-z0-9_]{0,127}$"}
_PATH = {"description": "`/` or `/a/b`. Left out: the token's own."}


class SecretAnswer(Answer):
    """A secret, without its value."""

    id = fields.Integer()
    name = fields.String()
    path = fields.String()
    comment = fields.String()
    version = fields.Integer(metadata={"description": "Counts up with each change of the value."})
    changed_at = Moment(metadata={"description": "When it got its present value."})


class ValueAnswer(SecretAnswer):
    """A secret with its value."""

    value = fields.String()
    encoding = fields.String(
        validate=validate.Equal("base64"),
        metadata={"optional": True, "description": "`base64` where the value isn't text in UTF-8."},
    )


class SecretsAnswer(Answer):
    """All that was asked for, from one moment."""

    secrets = fields.List(fields.Nested(ValueAnswer))


class SecretsQuery(Schema):
    """Which secrets."""

    path = Text(
        metadata={"description": "Only this path. Left out: the token's own and, if it reaches so far, all below."}
    )
    name = fields.List(Text(), metadata={"description": "Only these names: all of them, or the request is refused."})
    wait = wait_field()


class _Checked(Schema):
    @validates("name")
    def check_name(self, name: str, **_: object) -> None:
        """A name that environment variables can have."""
        _refuse(name_problem(name))

    @validates("value")
    def check_value(self, value: str, **_: object) -> None:
        """Not too long."""
        _refuse(value_problem(value.encode()))

    @validates("comment")
    def check_comment(self, comment: str, **_: object) -> None:
        """One line."""
        _refuse(line_problem(comment, COMMENT_LENGTH))


class NewSecretBody(_Checked):
    """A secret to be added."""

    name = Text(required=True, metadata=_NAME_PATTERN)
    value = Text(required=True, metadata={"description": f"At most {MAX_VALUE_BYTES // 1024} KiB; may be empty."})
    path = Text(metadata=_PATH)
    comment = Text(load_default="", metadata={"maxLength": COMMENT_LENGTH})

    @validates("path")
    def check_path(self, path: str, **_: object) -> None:
        """One that a secret can have."""
        try:
            normal_path(path)
        except ValueError as error:
            raise ValidationError(str(error)) from None


class ChangeBody(_Checked):
    """What is to be changed; what is left out stays."""

    name = Text(metadata=_NAME_PATTERN)
    value = Text()
    comment = Text(metadata={"maxLength": COMMENT_LENGTH})


class VersionAnswer(Answer):
    """A value that a secret had or has, without it."""

    number = fields.Integer()
    created_at = Moment()
    author = fields.String(metadata={"description": "Who wrote it; `token:` before a token's name."})
    reason = fields.String()
    rotation_id = fields.Integer(allow_none=True)
    is_current = fields.Boolean()


class VersionsAnswer(PageAnswer):
    """Versions, the newest first."""

    versions = fields.List(fields.Nested(VersionAnswer))


class VersionValueAnswer(Answer):
    """A value that a secret had or has."""

    number = fields.Integer()
    created_at = Moment()
    value = fields.String()
    encoding = fields.String(validate=validate.Equal("base64"), metadata={"optional": True})


def value_members(value: bytes) -> dict[str, Any]:
    """The value as an answer has it: a text byte for byte, anything else in base64."""
    try:
        return {"value": value.decode()}
    except UnicodeDecodeError:
        return {"value": base64.b64encode(value).decode(), "encoding": "base64"}


def _refuse(problem: str | None) -> None:
    if problem is not None:
        raise ValidationError(problem)

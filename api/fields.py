"""The parts of descriptions: texts that can be stored, moments, and schemas of answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from models.base import stamp

LARGEST_ID = 2**31 - 1


class Text(fields.String):
    """A text that can be written as UTF-8: JSON may hold halves of characters, which can't."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValidationError("Holds half a character: an unpaired surrogate.") from None
        if "\0" in text:
            raise ValidationError("Holds a NUL character.")
        return text


class Moment(fields.DateTime):
    """A moment in UTC: `2026-11-24T12:00:00Z`."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002 - the base class names them
        return None if value is None else stamp(value)


class Answer(Schema):
    """What is answered: each member is always there, unless its field's metadata says `optional`."""

    class Meta:
        """There may be more some day."""

        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Have the description say so."""
        super().on_bind_field(field_name, field_obj)
        field_obj.required = not field_obj.metadata.get("optional", False)

"""A moment yet to come, as a person picks it."""

from __future__ import annotations

from datetime import datetime, tzinfo

from wtforms import DateTimeLocalField
from wtforms.validators import ValidationError

from forms.base import Form

FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]


class Until(Form):
    """A time of day in the reader's zone, in a field `until`. Set `zone` and `now` before validating."""

    zone: tzinfo
    now: datetime

    @property
    def moment(self) -> datetime:
        """The chosen moment, aware."""
        local: datetime = self["until"].data
        return local.replace(tzinfo=self.zone)

    def validate_until(self, field: DateTimeLocalField) -> None:
        """Refuse what has passed."""
        if field.data is not None and self.moment <= self.now:
            raise ValidationError("A time that is yet to come.")

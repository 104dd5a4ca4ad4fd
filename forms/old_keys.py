"""Until when an old key is kept."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from wtforms import DateTimeLocalField
from wtforms.validators import InputRequired, ValidationError

from forms.base import Form

LONGEST = timedelta(days=366)


class KeepLonger(Form):
    """A time of day in the reader's zone. Set `zone` and `now` before validating."""

    zone: tzinfo
    now: datetime

    until = DateTimeLocalField(
        "Keep until", [InputRequired("A day and a time of day.")], format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    )

    @property
    def moment(self) -> datetime:
        """The chosen moment, aware."""
        local: datetime = self.until.data
        return local.replace(tzinfo=self.zone)

    def validate_until(self, field: DateTimeLocalField) -> None:
        """Refuse what has passed, and what lies so far ahead that it must be a slip."""
        if field.data is None:
            return
        if self.moment <= self.now:
            raise ValidationError("A time that is yet to come.")
        if self.moment > self.now + LONGEST:
            raise ValidationError("A time within a year: a key that is to stay longer isn't an old one.")

"""The filter of the audit log: a form without CSRF token, for it only reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from werkzeug.datastructures import MultiDict
from wtforms import Field, HiddenField, SelectChoice, SelectField, StringField
from wtforms.validators import ValidationError

from forms.base import Form, stripped
from models.audit import Action
from models.reading.log import Filter

_LARGEST_ID = 2**31 - 1
_GROUPS = {
    "secret": "Secrets",
    "rotation": "Rotations",
    "key": "Access keys",
    "token": "Service tokens",
    "webhook": "Webhooks",
    "address": "Addresses of people",
    "strategy": "Rotation strategies",
    "connection": "Connections",
    "environment": "Environments",
    "project": "Projects",
    "user": "People",
}


class AuditFilter(Form):
    """Which entries are wanted. Dates are whole days in the reader's zone; an hour may follow: 2026-11-24T14:05."""

    class Meta:
        """No token: a link to a filtered log works."""

        csrf = False

    zone: tzinfo = UTC

    q = StringField("Secret, user, key ID, rotation", filters=[stripped])
    action = SelectField("Action", validate_choice=False)
    actor = SelectField("Person", validate_choice=False)
    since = StringField("From", name="from", filters=[stripped])
    until = StringField("To", name="to", filters=[stripped])
    strategy = HiddenField()
    secret = HiddenField()

    def __init__(self, args: MultiDict[str, str]) -> None:
        super().__init__(formdata=args)

    def offer(self, actors: Sequence[str], zone: tzinfo) -> None:
        """Offer these actors; read times in this zone."""
        self.zone = zone
        others = [self.actor.data] if self.actor.data and self.actor.data not in actors else []
        self.actor.choices = [SelectChoice("", "Everyone"), *map(SelectChoice, (*actors, *others))]
        self.action.choices = [SelectChoice("", "All actions")]
        for thing, title in _GROUPS.items():
            labels = {thing: f"{title}: all"} | {each.value: each.value for each in Action if _thing(each) == thing}
            self.action.choices += [SelectChoice(value, label, optgroup=title) for value, label in labels.items()]

    def validate_action(self, field: Field) -> None:
        """One of those offered."""
        if field.data and field.data not in {*_GROUPS, *Action}:
            raise ValidationError("Choose one of the actions.")

    def validate_since(self, field: Field) -> None:
        """A day, or a minute."""
        self._moment(field)

    def validate_until(self, field: Field) -> None:
        """The same, and not before the beginning."""
        until = self._moment(field, end=True)
        try:
            since = self._moment(self.since)
        except ValidationError:
            return
        if since and until and since >= until:
            raise ValidationError("This is before the beginning.")

    def validate_strategy(self, field: Field) -> None:
        """A number, for it comes from a link."""
        _number(field)

    def validate_secret(self, field: Field) -> None:
        """A number, for it comes from a link."""
        _number(field)

    @property
    def is_empty(self) -> bool:
        """Whether it asks for everything."""
        return not any(field.data for field in self)

    @property
    def filter(self) -> Filter:
        """The filter, once the form is validated."""
        return Filter(
            text="".join(char for char in self.q.data or "" if char.isprintable()),
            action=self.action.data or "",
            actor=self.actor.data or "",
            since=self._moment(self.since),
            until=self._moment(self.until, end=True),
            strategy_id=_number(self.strategy),
            secret_id=_number(self.secret),
        )

    def _moment(self, field: Field, *, end: bool = False) -> datetime | None:
        """The beginning of the day or minute that is meant, or its end; in UTC."""
        if not field.data:
            return None
        try:
            if "T" in field.data:
                moment, length = datetime.fromisoformat(field.data), timedelta(minutes=1)
            else:
                moment, length = datetime.combine(date.fromisoformat(field.data), time()), timedelta(days=1)
            local = (moment + length if end else moment).replace(tzinfo=moment.tzinfo or self.zone)
            return local.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValidationError("Use a date such as 2026-11-24.") from None


def _thing(action: Action) -> str:
    return action.value.split(".")[0]


def _number(field: Field) -> int | None:
    text = field.data or ""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or int(text[:12]) > _LARGEST_ID:
        raise ValidationError("This isn't a number that Keyturn gave out.")
    return int(text)

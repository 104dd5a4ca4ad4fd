"""Forms about secrets. Values never come back: a form with an error asks for them again, and says so."""

from __future__ import annotations

from typing import Any

from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from forms.base import Form, refuse, stripped
from forms.values import CRLF, LF, browser_text, value_problem
from models.project import normal_path
from models.secret import name_problem
from models.vault.adding import NewSecret
from models.vault.editing import Change, Seen

COMMENT_LENGTH = 500
REASON_LENGTH = 200


class ValueField(TextAreaField):  # type: ignore[misc]
    """A text field that always comes back empty."""

    def _value(self) -> str:
        return ""


class SecretFields(Form):
    """What all secrets have. `place` tells the ids of its fields from those of another such form on the page."""

    def __init__(self, place: str, **options: Any) -> None:
        super().__init__(**options)
        for each in self:
            each.id = f"{place}-{each.name}"

    name = StringField("Name", filters=[stripped])
    value = ValueField("Value")
    crlf = BooleanField("Line breaks as CRLF")
    comment = StringField("Comment", filters=[stripped])

    def validate_name(self, field: Field) -> None:
        """A name that environment variables can have."""
        refuse(name_problem(field.data or ""))

    def validate_value(self, field: Field) -> None:
        """Not too long."""
        if field.data is None:
            raise ValidationError("The value is missing; it may be empty.")
        refuse(value_problem(self.typed_value))

    def validate_comment(self, field: Field) -> None:
        """One line."""
        refuse(line_problem(field.data or "", COMMENT_LENGTH))

    @property
    def typed_value(self) -> bytes:
        """The value as bytes, with the chosen line breaks."""
        return browser_text(self.value.data or "", CRLF if self.crlf.data else LF).encode()

    @property
    def value_is_lost(self) -> bool:
        """Whether a value was typed that doesn't come back with the form."""
        return bool(self.errors) and bool(self.value.data)


class AddSecret(SecretFields):
    """A new secret."""

    @property
    def secret(self) -> NewSecret:
        """What was typed."""
        return NewSecret(self.name.data, self.typed_value, self.comment.data or "")


class EditSecret(SecretFields):
    """A change. An empty value field leaves the value as it is; `seen_…` is what the person saw."""

    is_stale = False
    """Set when somebody else's change came first."""

    make_empty = BooleanField("Make it empty")
    seen_version = HiddenField()
    seen_name = HiddenField()
    seen_comment = HiddenField()

    def validate_value(self, field: Field) -> None:
        """Not too long; a secret that a strategy writes has no such field."""
        if field.data is not None:
            super().validate_value(field)

    def validate_make_empty(self, field: Field) -> None:
        """Either a new value or none."""
        if field.data and self.value.data:
            raise ValidationError("There is a new value as well. Choose one of the two.")

    def validate_seen_version(self, field: Field) -> None:
        """A number, for it is the form's own."""
        if not (field.data or "").isascii() or not (field.data or "").isdecimal() or len(field.data) > 9:  # noqa: PLR2004
            raise ValidationError("This form is incomplete.")

    def show(self, seen: Seen) -> None:
        """Let it say what is seen now; the next Save is based on that."""
        self.seen_version.data = str(seen.version)
        self.seen_name.data, self.seen_comment.data = seen.name, seen.comment

    @property
    def seen(self) -> Seen:
        """What the person saw."""
        return Seen(int(self.seen_version.data), self.seen_name.data or "", self.seen_comment.data or "")

    @property
    def change(self) -> Change:
        """What the person wants."""
        has_value = bool(self.value.data) or self.make_empty.data
        return Change(self.name.data, self.comment.data or "", self.typed_value if has_value else None)


class EnvText(Form):
    """Several secrets at once."""

    text = ValueField("Text")


class MoveSecrets(Form):
    """Where to."""

    secret = SelectMultipleField(
        "Secrets", coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    to_environment = SelectField("Environment")
    to_path = StringField("Path", filters=[stripped])

    def offer(self, secrets: list[Any], environments: list[Any]) -> None:
        """Offer these secrets and environments."""
        self.secret.choices = [SelectChoice(each.id, each.name) for each in secrets]
        self.to_environment.choices = [SelectChoice(each.name) for each in environments]

    def validate_secret(self, field: Field) -> None:
        """At least one."""
        if not field.data:
            raise ValidationError("Choose at least one secret.")

    def validate_to_path(self, field: Field) -> None:
        """A path, made normal."""
        try:
            field.data = normal_path(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None


def line_problem(text: str, length: int) -> str | None:
    """Why this can't be a line of text of at most `length` characters, in a sentence; None when it can."""
    if len(text) > length:
        return f"Use at most {length} characters; these are {len(text):,}."
    if any(not char.isprintable() for char in text):
        return "Use one line of text, without tabs and other control characters."
    return None

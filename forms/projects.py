"""Forms about projects and their environments."""

from __future__ import annotations

from wtforms import BooleanField, Field, StringField
from wtforms.validators import ValidationError

from forms import lengths
from forms.base import Form, refuse, stripped
from models.project import name_problem

RESERVED = frozenset({"new"})
"""What an address of Keyturn's own has in the place of a project's name."""


class EnvironmentName(Form):
    """Of a new environment."""

    name = StringField("Name", id="environment-name", filters=[stripped])

    def validate_name(self, field: Field) -> None:
        """A name that addresses can have."""
        refuse(name_problem(field.data or ""))


class OtherEnvironmentName(EnvironmentName):
    """Of a renamed environment, in a dialog over the form for a new one."""

    name = StringField("Name", id="other-name", filters=[stripped])


class ProjectName(EnvironmentName):
    """Of a new or renamed project."""

    name = StringField("Name", id="project-name", filters=[stripped])

    def validate_name(self, field: Field) -> None:
        """Not one of Keyturn's own addresses."""
        super().validate_name(field)
        if field.data in RESERVED:
            raise ValidationError(f"Keyturn itself uses {field.data}. Choose another name.")


class OwnCredentials(Form):
    """Whether the project's connections may use the server's own AWS credentials."""

    lends_own = BooleanField("Connections may use the server's own AWS credentials")


class MaximumAge(Form):
    """How old a key may get, in days; empty for no limit."""

    days = StringField("Maximum age of keys, in days", filters=[stripped])

    @property
    def max_key_age_s(self) -> int | None:
        """The age in seconds, or None for no limit. Raises ValueError."""
        return lengths.seconds(self.days.data, "days") if self.days.data else None

    def validate_days(self, _field: Field) -> None:
        """A whole number of days, or nothing."""
        try:
            _ = self.max_key_age_s
        except ValueError as error:
            raise ValidationError(str(error)) from None

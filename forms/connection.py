"""The forms of connections: new, edit, replace key."""

from __future__ import annotations

from wtforms import BooleanField, Field, IntegerField, SelectChoice, SelectMultipleField, StringField
from wtforms.validators import InputRequired, NumberRange, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from forms.base import Form, refuse, stripped
from forms.strategy.manager import ManagerFields
from models.connection import region_problem
from models.project import name_problem
from rotation.provider import SERVICES

VERIFY_WITHIN_S = 120
"""A new key that isn't accepted within this time is given up; all rounds have to fit."""


class WholeNumber(IntegerField):  # type: ignore[misc]
    """A whole number; its refusal says so plainly."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Parse what was typed. Raises ValueError."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("A whole number, such as 8.") from None


class NewConnection(ManagerFields):
    """A manager's key with a name."""

    connection_name = StringField("Name", filters=[stripped])
    save_anyway = BooleanField("Save all the same")

    def validate_connection_name(self, field: Field) -> None:
        """Optional: else the manager's user name serves."""
        if field.data:
            refuse(_name_problem(field.data))


class ReplaceKey(ManagerFields):
    """Another key for the same manager; the region stays."""

    manager_region = None


class EditConnection(Form):
    """Name, region, and how a new key is verified over the connection."""

    connection_name = StringField("Name", filters=[stripped])
    region = StringField("AWS Region", filters=[stripped])
    verify_rounds = WholeNumber(
        "Rounds", [InputRequired("A number from 1 to 60."), NumberRange(1, 60, "A number from 1 to 60.")]
    )
    verify_gap_s = WholeNumber(
        "Seconds between two rounds",
        [InputRequired("A number from 0 to 60."), NumberRange(0, 60, "A number from 0 to 60.")],
    )
    verify_services = SelectMultipleField(
        "Services of a round",
        choices=[SelectChoice(service, service.upper()) for service in SERVICES],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def validate_connection_name(self, field: Field) -> None:
        """As names are."""
        refuse(_name_problem(field.data or ""))

    def validate_region(self, field: Field) -> None:
        """As AWS names regions."""
        refuse(region_problem(field.data or ""))

    def validate_verify_rounds(self, field: Field) -> None:
        """All rounds fit into the time that a new key is given."""
        gap_s = self.verify_gap_s.data
        if field.data and gap_s and field.data * gap_s >= VERIFY_WITHIN_S:
            raise ValidationError(
                f"{field.data} rounds {gap_s} s apart don't fit into the {VERIFY_WITHIN_S} s that a new key is given. "
                "Take fewer, or a shorter gap."
            )

    def validate_verify_services(self, field: Field) -> None:
        """STS tells whose the key is: it is always asked."""
        if "sts" not in (field.data or ()):
            raise ValidationError("STS can't be left out: it tells that the new key is the target's.")


def _name_problem(name: str) -> str | None:
    if name == "new":
        return "This word is the address of the page that adds connections. Choose another."
    return name_problem(name)

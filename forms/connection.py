"""The forms of connections: new, edit, replace key."""

from __future__ import annotations

from wtforms import BooleanField, Field, IntegerField, RadioField, SelectChoice, SelectMultipleField, StringField
from wtforms.validators import InputRequired, NumberRange, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from forms.base import Form, refuse, stripped
from forms.strategy.manager import ManagerFields
from models.connection import is_here, region_problem, role_arn_problem, way_problem
from models.project import name_problem
from rotation.provider import SERVICES, KeyPair

_KINDS = [
    SelectChoice("key", "Access key"),
    SelectChoice("role", "Role"),
    SelectChoice("own", "Server's own credentials"),
]

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


class WayFields(Form):
    """By which way AWS is reached, where it isn't the usual one."""

    endpoint_url = StringField("Private endpoint", filters=[stripped])
    proxy_url = StringField("Proxy", filters=[stripped])

    @property
    def ways(self) -> dict[str, str]:
        """The columns of a connection that these fields fill."""
        return {"endpoint_url": self.endpoint_url.data or "", "proxy_url": self.proxy_url.data or ""}

    def validate_endpoint_url(self, field: Field) -> None:
        """Optional; with TLS, for CreateAccessKey answers with a secret."""
        if not field.data:
            return
        refuse(way_problem(field.data))
        if field.data.startswith("http:") and not is_here(field.data):
            raise ValidationError("Use https: AWS answers with secret keys.")

    def validate_proxy_url(self, field: Field) -> None:
        """Optional."""
        if field.data:
            refuse(way_problem(field.data))


class NewConnection(ManagerFields, WayFields):
    """A manager's key, a role or the machine's own credentials, with a name. Give it `lends_own` before it is used."""

    lends_own = False
    """Whether the project may use the machine's own credentials."""

    kind = RadioField("By", choices=_KINDS, default="key", validate_choice=False)
    role_arn = StringField("Role ARN", filters=[stripped])
    connection_name = StringField("Name", filters=[stripped])
    save_anyway = BooleanField("Save all the same")

    def offer_kinds(self, *, lends_own: bool) -> None:
        """Offer what the project may use."""
        self.lends_own = lends_own
        self.kind.choices = [choice for choice in _KINDS if lends_own or choice.value != "own"]

    @property
    def wants_key(self) -> bool:
        """Whether a key is entered. A role may be assumed by the machine's own credentials where they may be lent."""
        if self.kind.data == "role":
            return bool(self.manager_access_key.data or self.manager_secret_key.data) or not self.lends_own
        return bool(self.kind.data == "key")

    @property
    def manager(self) -> KeyPair | None:
        """The key as it was typed, or None for the machine's own credentials."""
        return self.pair if self.wants_key else None

    @property
    def ways(self) -> dict[str, str]:
        """The columns of a connection that these fields fill."""
        return {**super().ways, "role_arn": (self.role_arn.data or "") if self.kind.data == "role" else ""}

    def validate_kind(self, field: Field) -> None:
        """One that is offered."""
        if field.data == "own" and not self.lends_own:
            raise ValidationError(
                "This project may not use the server's own credentials. An administrator allows it in its settings."
            )
        if field.data not in {choice.value for choice in _KINDS}:
            raise ValidationError("Choose one of these.")

    def validate_role_arn(self, field: Field) -> None:
        """One in the region's partition."""
        if self.kind.data == "role":
            refuse(role_arn_problem(field.data or "", self.manager_region.data or ""))

    def validate_manager_region(self, field: Field) -> None:
        """As AWS names regions."""
        refuse(region_problem(field.data or ""))

    def validate_connection_name(self, field: Field) -> None:
        """Optional: else the manager's user name serves."""
        if field.data:
            refuse(_name_problem(field.data))


class ReplaceKey(ManagerFields):
    """Another key for the same manager; the region stays."""

    manager_region = None


class EditConnection(WayFields):
    """Name, region, way, and how a new key is verified over the connection."""

    connection_name = StringField("Name", filters=[stripped])
    region = StringField("AWS Region", filters=[stripped])
    role_arn = StringField("Role ARN", filters=[stripped])
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
    save_anyway = BooleanField("Save all the same")

    def validate_connection_name(self, field: Field) -> None:
        """As names are."""
        refuse(_name_problem(field.data or ""))

    def validate_region(self, field: Field) -> None:
        """As AWS names regions."""
        refuse(region_problem(field.data or ""))

    def validate_role_arn(self, field: Field) -> None:
        """One in the region's partition, where there is one."""
        if field.data:
            refuse(role_arn_problem(field.data, self.region.data or ""))

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

"""Forms of webhooks and of addresses at which people are told."""

from __future__ import annotations

from wtforms import BooleanField, Field, PasswordField, SelectChoice, SelectMultipleField, StringField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput

from forms.base import Form, refuse, stripped
from forms.overlap import OverlapForm, overlap_field
from models import Kind
from models.project import name_problem
from models.telling.receivers import PEOPLE_KINDS, WEBHOOK_KINDS, webhook_url_problem
from rotation.telling.services import address_problem

KIND_WORDS = {
    Kind.ROTATION_SUCCEEDED: "A rotation succeeded",
    Kind.ROTATION_FAILED: "A rotation failed",
    Kind.ROTATION_WAITING: "A rotation waits for a person",
    Kind.ROTATION_DUE: "A rotation is due within a day",
    Kind.KEY_USED: "An old key is still used after its grace",
    Kind.KEY_OLD: "A key is older than the project allows",
    Kind.KEY_DELETED: "A key was deleted at AWS",
    Kind.COPY_FAILED: "A copy in another store fails",
    Kind.STOPPED: "No worker or no scheduler runs",
    Kind.TEST: "Test",
}


class _Receiver(Form):
    """What webhooks and addresses share."""

    name = StringField("Name", id="receiver-name", filters=[stripped])
    enabled = BooleanField("Switched on", default=True)
    allows_private = BooleanField("May lead to a private address")

    kinds: SelectMultipleField

    def validate_name(self, field: Field) -> None:
        """As connections are named."""
        refuse(name_problem(field.data or ""))

    def validate_kinds(self, field: Field) -> None:
        """One at least; to tell nothing it is switched off."""
        if not field.data:
            raise ValidationError("Choose one or more; to have nothing told, switch it off.")


def _kinds(offered: tuple[Kind, ...]) -> SelectMultipleField:
    return SelectMultipleField(
        "Tell it when",
        choices=[SelectChoice(kind.value, KIND_WORDS[kind]) for kind in offered],
        default=[kind.value for kind in offered],
        option_widget=CheckboxInput(),
    )


class WebhookForm(_Receiver):
    """A webhook, new or changed."""

    url = StringField("Address", id="receiver-url", filters=[stripped])
    kinds = _kinds(WEBHOOK_KINDS)

    def validate_url(self, field: Field) -> None:
        """One that can be posted to. It isn't looked up: what it leads to counts when it is connected to."""
        refuse(webhook_url_problem(field.data or ""))


class AddressForm(_Receiver):
    """An address of people, new or changed. Left empty, a changed one stays as it is."""

    url = PasswordField("Address", id="receiver-url", filters=[stripped])
    kinds = _kinds(PEOPLE_KINDS)

    has_one = False

    def validate_url(self, field: Field) -> None:
        """One that Apprise knows and Keyturn lets it use."""
        if field.data or not self.has_one:
            refuse(address_problem(field.data or ""))


class RotateWebhook(OverlapForm):
    """For how long both secrets sign."""

    overlap = overlap_field("Sign with the present secret too for", "none: only the new secret from now on", (1, 7))

"""The fields of the two secrets that a strategy writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wtforms import Field, PasswordField, SelectChoice, SelectField, StringField
from wtforms.validators import ValidationError

from forms.base import Form, refuse, stripped
from models import Environment, Secret
from models.project import normal_path
from models.secret import MAX_VALUE_BYTES, name_problem

NEW = "new"
"""Stands for a secret to be made, in the list of those that there are."""

ACCESS_KEY_NAME = "AWS_ACCESS_KEY"
SECRET_KEY_NAME = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 - the name of a secret


class OutputFields(Form):
    """Environment, path and two secrets there, or the names of new ones.

    Give it what there is to choose from (`offer_places`, `offer_secrets`) before it is validated or shown.
    """

    environments: Sequence[Environment] = ()
    secrets: Mapping[int, Secret]
    """By id, the secrets of the chosen place that no other strategy writes."""

    environment = SelectField("Environment")
    path = StringField("Secret path", filters=[stripped], default="/")
    access_key_secret = SelectField("Access key ID", default=NEW, validate_choice=False)
    access_key_name = StringField("Name of the secret for the access key ID", [], [stripped], default=ACCESS_KEY_NAME)
    access_key_value = StringField("Value of the access key ID until the first rotation")
    secret_key_secret = SelectField("Secret access key", default=NEW, validate_choice=False)
    secret_key_name = StringField(
        "Name of the secret for the secret access key", [], [stripped], default=SECRET_KEY_NAME
    )
    secret_key_value = PasswordField("Value of the secret access key until the first rotation")

    def offer_places(self, environments: Sequence[Environment]) -> None:
        """Offer these environments."""
        self.environments = environments
        self.environment.choices = [SelectChoice(each.name) for each in environments]

    def offer_secrets(self, secrets: Sequence[Secret]) -> None:
        """Offer these secrets, which are all at the chosen place and free."""
        self.secrets = {secret.id: secret for secret in secrets}
        offered = [SelectChoice(str(secret.id), secret.name) for secret in secrets]
        for field in (self.access_key_secret, self.secret_key_secret):
            field.choices = [*offered, SelectChoice(NEW, "New secret…")]

    @property
    def place(self) -> tuple[Environment | None, str | None]:
        """The environment and path that are chosen; None for one that can't be."""
        environment = next((each for each in self.environments if each.name == self.environment.data), None)
        try:
            return environment, normal_path(self.path.data or "")
        except ValueError:
            return environment, None

    def secret(self, field: Field) -> Secret | None:
        """The secret that an output field names; None for a new one."""
        text = field.data or ""
        return self.secrets.get(int(text)) if text.isascii() and text.isdecimal() and len(text) < _MANY_DIGITS else None

    def validate_path(self, field: Field) -> None:
        """As paths are written."""
        try:
            field.data = normal_path(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def validate_access_key_secret(self, field: Field) -> None:
        """A free secret of the chosen place, or a new one."""
        self.want_secret(field)

    def validate_secret_key_secret(self, field: Field) -> None:
        """As the other, but not the same."""
        self.want_secret(field)
        if field.data != NEW and field.data == self.access_key_secret.data:
            raise ValidationError("Choose another secret than for the access key ID.")

    def validate_access_key_name(self, field: Field) -> None:
        """A new secret's name."""
        if self.access_key_secret.data == NEW:
            refuse(name_problem(field.data or ""))

    def validate_secret_key_name(self, field: Field) -> None:
        """As the other, but not the same."""
        if self.secret_key_secret.data != NEW:
            return
        refuse(name_problem(field.data or ""))
        if self.access_key_secret.data == NEW and field.data == self.access_key_name.data:
            raise ValidationError("Choose another name than for the access key ID.")

    def validate_access_key_value(self, field: Field) -> None:
        """A value's size."""
        _want_size(field)

    def validate_secret_key_value(self, field: Field) -> None:
        """A value's size."""
        _want_size(field)

    def want_secret(self, field: Field) -> None:
        """Raise ValidationError unless the field names a free secret of the chosen place, or a new one."""
        if field.data != NEW and self.secret(field) is None:
            raise ValidationError("Choose a secret of this environment and path that no other strategy writes.")


_MANY_DIGITS = 19


def _want_size(field: Field) -> None:
    if len((field.data or "").encode()) > MAX_VALUE_BYTES:
        raise ValidationError("A value has at most 64 KiB.")

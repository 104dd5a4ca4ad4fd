"""The fields of the SES SMTP credentials that a strategy can write besides the pair."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import Field, SelectField, StringField
from wtforms.validators import ValidationError

from forms.base import refuse, stripped
from forms.strategy.outputs import NEW, OutputFields
from models import Secret
from models.connection import region_problem
from models.secret import name_problem
from models.vault.adding import NewSecret
from rotation.setup.strategies import SmtpPlan

USER_NAME = "SMTP_USERNAME"
PASSWORD_NAME = "SMTP_PASSWORD"  # noqa: S105 - the name of a secret


class SmtpFields(OutputFields):
    """A region and two more secrets at the same place. Without a region the rest doesn't count."""

    smtp_region = StringField("Region of SES", filters=[stripped])
    smtp_user_secret = SelectField("SMTP user name", default=NEW, validate_choice=False)
    smtp_user_name = StringField("Name of the secret for the SMTP user name", [], [stripped], default=USER_NAME)
    smtp_password_secret = SelectField("SMTP password", default=NEW, validate_choice=False)
    smtp_password_name = StringField("Name of the secret for the SMTP password", [], [stripped], default=PASSWORD_NAME)

    def offer_secrets(self, secrets: Sequence[Secret]) -> None:
        """As for the pair."""
        super().offer_secrets(secrets)
        self.smtp_user_secret.choices = self.smtp_password_secret.choices = self.access_key_secret.choices

    @property
    def writes_smtp(self) -> bool:
        """Whether these fields count."""
        return bool(self.smtp_region.data)

    @property
    def smtp(self) -> SmtpPlan | None:
        """What is asked for. Only after the form has proven right."""
        if not self.writes_smtp:
            return None
        user, password = (
            self.secret(choice) or NewSecret(name.data, b"")
            for choice, name in (
                (self.smtp_user_secret, self.smtp_user_name),
                (self.smtp_password_secret, self.smtp_password_name),
            )
        )
        return SmtpPlan(self.smtp_region.data, user, password)

    def validate_smtp_region(self, field: Field) -> None:
        """Optional."""
        if field.data:
            refuse(region_problem(field.data))

    def validate_smtp_user_secret(self, field: Field) -> None:
        """A free secret that the pair doesn't take."""
        self._want_other_secret(field, self.access_key_secret, self.secret_key_secret)

    def validate_smtp_password_secret(self, field: Field) -> None:
        """As the other."""
        self._want_other_secret(field, self.access_key_secret, self.secret_key_secret, self.smtp_user_secret)

    def validate_smtp_user_name(self, field: Field) -> None:
        """A new secret's name, and one of its own."""
        self._want_other_name(field, self.smtp_user_secret, "access_key", "secret_key")

    def validate_smtp_password_name(self, field: Field) -> None:
        """As the other."""
        self._want_other_name(field, self.smtp_password_secret, "access_key", "secret_key", "smtp_user")

    def _want_other_secret(self, field: Field, *taken: Field) -> None:
        if not self.writes_smtp:
            return
        self.want_secret(field)
        if field.data != NEW and field.data in [other.data for other in taken]:
            raise ValidationError("Choose another secret: this one is taken by an output above.")

    def _want_other_name(self, field: Field, choice: Field, *taken: str) -> None:
        if not self.writes_smtp or choice.data != NEW:
            return
        refuse(name_problem(field.data or ""))
        made = [self[f"{role}_name"].data for role in taken if self[f"{role}_secret"].data == NEW]
        if field.data in made:
            raise ValidationError("Choose another name: this one is taken by an output above.")

"""The fields of a manager's key: as a strategy's form has them, and a connection's."""

from __future__ import annotations

import re

from wtforms import Field, PasswordField, StringField
from wtforms.validators import ValidationError

from forms.base import Form, refuse, stripped
from models.connection import access_key_id_problem, region_problem
from rotation.provider import KeyPair

REGIONS = (
    "af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
    "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ca-central-1", "ca-west-1", "cn-north-1",
    "cn-northwest-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1",
    "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1",
    "us-east-2", "us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2",
)  # fmt: skip
"""Regions to suggest; any other that looks like one is taken too."""

_SECRET = re.compile(r"[!-~]{8,128}")


class ManagerFields(Form):
    """A manager's key and region. The secret key never comes back; `ask_again` says so after an error."""

    manager_access_key = StringField("Manager User Access Key", filters=[stripped])
    manager_secret_key = PasswordField("Manager User Secret Key", filters=[stripped])
    manager_region = StringField("Manager User AWS Region", filters=[stripped])

    @property
    def wants_key(self) -> bool:
        """Whether these fields count."""
        return True

    @property
    def pair(self) -> KeyPair:
        """The key as it was typed."""
        return KeyPair(self.manager_access_key.data or "", self.manager_secret_key.data or "")

    def validate_manager_access_key(self, field: Field) -> None:
        """An ID of a key that lasts."""
        if not self.wants_key:
            return
        refuse(access_key_id_problem(field.data or ""))
        if field.data.startswith("ASIA"):
            raise ValidationError("This is a temporary key, which can't serve. Use one that begins with AKIA.")

    def validate_manager_secret_key(self, field: Field) -> None:
        """One word; other clouds than AWS make other ones than 40 letters, digits, slashes and pluses."""
        if not self.wants_key:
            return
        if not field.data:
            raise ValidationError("Enter the secret key that AWS showed with the access key.")
        if not _SECRET.fullmatch(field.data):
            raise ValidationError("A secret key has no spaces, and 40 letters, digits, / and + as a rule.")

    def validate_manager_region(self, field: Field) -> None:
        """As AWS names regions."""
        if self.wants_key:
            refuse(region_problem(field.data or ""))

    def ask_again(self) -> None:
        """Say at each secret that was typed that it has to be typed again, for the form comes back without."""
        for field in self:
            if isinstance(field, PasswordField) and field.data:
                field.errors = [*field.errors, "Enter it again: it isn't kept after an error."]

"""Forms of service tokens: a new one, another value for one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from wtforms import BooleanField, Field, SelectChoice, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Length, ValidationError
from wtforms.widgets import CheckboxInput

from forms.base import Form, refuse, stripped
from forms.overlap import OverlapForm, overlap_field
from models import Environment, RotationStrategy
from models.programs.token import networks_of
from models.project import name_problem, normal_path, reaches

_EXPIRES = [
    SelectChoice("30", "in 30 days"),
    SelectChoice("90", "in 90 days"),
    SelectChoice("365", "in a year"),
    SelectChoice("", "never"),
]
_MOST_NETWORKS = 50


class NewToken(Form):
    """What a new token reaches. Offer it environments and strategies before it is used."""

    name = StringField("Name", id="token-name", filters=[stripped])
    note = StringField("Note", [Length(max=500, message="At most 500 characters.")], [stripped])
    environment = SelectField("Environment", coerce=int)
    path = StringField("Path", filters=[stripped], default="/")
    subtree = BooleanField("And everything below this path", default=True)
    reads_secrets = BooleanField("Read the secrets there")
    writes_secrets = BooleanField("Add, change and delete secrets there")
    strategies = SelectMultipleField("Credentials", coerce=int, option_widget=CheckboxInput())
    rotates = SelectMultipleField("Rotate", coerce=int, option_widget=CheckboxInput())
    expires = SelectField("Expires", choices=_EXPIRES, default="90")
    networks = TextAreaField("Addresses", filters=[stripped])

    _places: dict[int, tuple[int, str]]

    def offer(self, environments: Sequence[Environment], strategies: Sequence[RotationStrategy]) -> None:
        """Offer these; a strategy is where its access key ID is written."""
        self.environment.choices = [SelectChoice(each.id, each.name) for each in environments]
        placed = [(each, each.access_key_secret) for each in strategies if each.access_key_secret is not None]
        for rights in (self.strategies, self.rotates):
            rights.choices = [SelectChoice(each.id, f"{each.user_name}, {secret.place}") for each, secret in placed]
        self._places = {each.id: (secret.environment_id, secret.path) for each, secret in placed}

    def begin(self) -> None:
        """Choose the environment of the first strategy."""
        self.environment.data = next((place[0] for place in self._places.values()), self.environment.data)

    def expires_at(self, now: datetime) -> datetime | None:
        """When the token ends by itself, if ever."""
        return now + timedelta(days=int(self.expires.data)) if self.expires.data else None

    @property
    def by_strategy(self) -> list[tuple[Field, Field]]:
        """For each strategy, the boxes for its credentials and for its rotations."""
        return list(zip(self.strategies, self.rotates, strict=True))

    @property
    def allowed(self) -> list[str]:
        """The networks from which it may be used. Raises ValueError."""
        return networks_of(self.networks.data or "")

    def validate_name(self, field: Field) -> None:
        """As connections are named."""
        refuse(name_problem(field.data or ""))

    def validate_path(self, field: Field) -> None:
        """Made normal."""
        try:
            field.data = normal_path(field.data or "/")
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def validate_networks(self, _field: Field) -> None:
        """Addresses and networks, not too many: each request is compared with them."""
        try:
            found = self.allowed
        except ValueError as error:
            raise ValidationError(str(error)) from None
        if len(found) > _MOST_NETWORKS:
            raise ValidationError(f"At most {_MOST_NETWORKS}.")

    def validate_strategies(self, field: Field) -> None:
        """Where the token reaches; one at least, of the token's rights."""
        if not any(right.data for right in (field, self.rotates, self.reads_secrets, self.writes_secrets)):
            raise ValidationError("Choose one or more, or let it read secrets: else the token is good for nothing.")
        self._refuse_elsewhere(field)

    def validate_rotates(self, field: Field) -> None:
        """Where the token reaches."""
        self._refuse_elsewhere(field)

    def _refuse_elsewhere(self, field: Field) -> None:
        for environment_id, path in (self._places[each] for each in field.data if each in self._places):
            inside = reaches(self.path.data or "/", path, below=self.subtree.data)
            if environment_id != self.environment.data or not inside:
                raise ValidationError("Choose such as lie in the token's environment and path.")


class RotateToken(OverlapForm):
    """For how long the present value goes on working."""

    overlap = overlap_field(
        "The present value goes on working for", "none: the present value stops at once", (1, 7, 30)
    )

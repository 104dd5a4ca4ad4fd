"""Forms of copies: of what a strategy writes, of the secrets at a path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wtforms import Field, SelectChoice, SelectField, StringField
from wtforms.validators import ValidationError

from forms.base import Form, refuse, stripped
from models import Destination, Environment, RotationStrategy
from models.copies.copy import OUTPUTS
from models.project import normal_path
from rotation.copies.kinds import KINDS

_USUAL = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SMTP_USERNAME", "SMTP_PASSWORD")
_LABELS = ("Name of the access key ID", "Name of the secret access key", "Name of the SMTP user name",
           "Name of the SMTP password")  # fmt: skip
_PAIR = OUTPUTS[:2]
_PREFIX_LENGTH = 128


class _CopyForm(Form):
    """What both have: where to. Offer it destinations before it is used."""

    destination = SelectField("Destination", id="copy-destination")

    offered: Mapping[str, Destination]
    """The destinations by id."""

    def offer(self, destinations: Sequence[Destination]) -> None:
        """Offer these."""
        self.destination.choices = [
            SelectChoice(each.id, f"{each.name}, {KINDS[each.kind].title}") for each in destinations
        ]
        self.offered = {each.id: each for each in destinations}

    def refuse_name(self, name: str) -> None:
        """Raise ValidationError when a value can't have this name at the destination."""
        chosen = self.offered.get(self.destination.data or "")
        if chosen is not None:
            refuse(KINDS[chosen.kind].name_problem(name))


class StrategyCopyForm(_CopyForm):
    """A copy of what a strategy writes. Names for SMTP may be left empty: then those aren't copied."""

    strategy = SelectField("Strategy", coerce=int, id="copy-strategy")
    access_key_id, secret_access_key, smtp_user_name, smtp_password = (
        StringField(label, default=usual, filters=[stripped], id=f"copy-{output}")
        for label, usual, output in zip(_LABELS, _USUAL, OUTPUTS, strict=True)
    )

    with_smtp: frozenset[int] = frozenset()
    """The strategies that have secrets for SMTP."""

    def offer_strategies(self, strategies: Sequence[RotationStrategy]) -> None:
        """Offer these; their secrets' places must be loaded."""
        self.strategy.choices = [
            SelectChoice(each.id, f"{each.user_name}, {each.access_key_secret.place}") for each in strategies
        ]
        self.with_smtp = frozenset(each.id for each in strategies if each.smtp_region)

    @property
    def names(self) -> dict[str, str]:
        """By each output the name that it gets there."""
        outputs = OUTPUTS if self.strategy.data in self.with_smtp else _PAIR
        return {output: self[output].data for output in outputs if self[output].data}

    @property
    def named(self) -> list[Field]:
        """The fields of the names; those for SMTP only where a strategy has secrets for it."""
        return [self[output] for output in (OUTPUTS if self.with_smtp else _PAIR)]

    def validate_destination(self, field: Field) -> None:
        """One whose settings are right for the names."""
        chosen = self.offered.get(field.data or "")
        if chosen is None:
            return
        kind = KINDS[chosen.kind]
        problem = kind.names_problem(kind.filled(chosen.settings), self.names.values())
        if problem is not None:
            raise ValidationError(problem[1])

    def _validate_name(self, field: Field) -> None:
        output = field.name
        if not field.data:
            if output in _PAIR:
                raise ValidationError("Give it a name: both of the pair are copied.")
            return
        if list(self.names.values()).count(field.data) > 1 and output in self.names:
            raise ValidationError("Give each its own name.")
        self.refuse_name(field.data)

    validate_access_key_id = validate_secret_access_key = _validate_name
    validate_smtp_user_name = validate_smtp_password = _validate_name


class PathCopyForm(_CopyForm):
    """A copy of all secrets at a path. Offer it environments too."""

    environment = SelectField("Environment", coerce=int, id="copy-environment")
    path = StringField("Path", filters=[stripped], default="/", id="copy-path")
    prefix = StringField("Prefix", filters=[stripped], id="copy-prefix")

    def offer_environments(self, environments: Sequence[Environment]) -> None:
        """Offer these."""
        self.environment.choices = [SelectChoice(each.id, each.name) for each in environments]

    def validate_path(self, field: Field) -> None:
        """Made normal."""
        try:
            field.data = normal_path(field.data or "/")
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def validate_prefix(self, field: Field) -> None:
        """Such as a name there may begin with."""
        if len(field.data or "") > _PREFIX_LENGTH:
            raise ValidationError(f"At most {_PREFIX_LENGTH} characters.")
        if field.data:
            self.refuse_name(field.data + "A")

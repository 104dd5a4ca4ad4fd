"""The form of a destination: what all have, and what its kind of store asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from wtforms import BooleanField, Field, PasswordField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import ValidationError

from forms.base import Form, refuse, stripped
from forms.secrets import ValueField
from models.project import name_problem
from rotation.copies.store import Kind, Setting

_PREFIX = "at_"
_LONGEST = 20_000


class DestinationForm(Form):
    """A destination, new or changed. Left empty, the credential of a changed one stays as it is."""

    name = StringField("Name", id="destination-name", filters=[stripped])
    allows_private = BooleanField("May lead to a private address")

    kind: Kind
    has_credential = False
    """Whether one is stored."""
    before: Mapping[str, str] = {}
    """The settings that are stored."""

    @property
    def settings(self) -> dict[str, str]:
        """What was filled in, by the names of the kind's settings."""
        return {each.name: _text(self[_PREFIX + each.name]) for each in self.kind.settings}

    @property
    def fields(self) -> list[tuple[Field, Setting]]:
        """The fields of the kind's settings with what they are."""
        return [(self[_PREFIX + each.name], each) for each in self.kind.settings]

    @property
    def leads_elsewhere(self) -> bool:
        """Whether the credential would be sent to another place than the stored one is."""
        now = self.settings
        return any(each.leads and now[each.name] != self.before.get(each.name) for each in self.kind.settings)

    def validate_name(self, field: Field) -> None:
        """As connections are named."""
        refuse(name_problem(field.data or ""))

    def validate(self, extra_validators: object = None) -> bool:
        """Whether all is right, and right together."""
        if not super().validate(extra_validators):
            return False
        problem = self.kind.problem(self.settings)
        if problem is not None:
            self[_PREFIX + problem[0]].errors = [problem[1]]
        return problem is None


def by_field(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings by the names of their fields, to fill a form in."""
    return {_PREFIX + name: text for name, text in settings.items()}


def destination_form(kind: Kind, connections: Sequence[tuple[str, str]] = ()) -> type[DestinationForm]:
    """The form of a kind. `connections`: ids and names to choose from, for a kind that is reached by one."""
    fields: dict[str, object] = {_PREFIX + each.name: _field(each) for each in kind.settings}
    if kind.by_connection:
        fields["connection"] = SelectField("Connection", choices=[SelectChoice(*each) for each in connections])
    elif kind.credential_label:
        sort = ValueField if kind.credential_is_long else PasswordField
        filters = [] if kind.credential_is_long else [stripped]
        fields["credential"] = sort(kind.credential_label, id="destination-credential", filters=filters)
        fields["validate_credential"] = _validate_credential
    return type("KindForm", (DestinationForm,), {"kind": kind, **fields})


def _field(setting: Setting) -> Field:
    options = {"id": f"destination-{setting.name}", "validators": [_checked(setting)]}
    if setting.choices:
        choices = [SelectChoice(value, words) for value, words in setting.choices]
        return SelectField(setting.label, choices=choices, default=setting.default or None, id=options["id"])
    if setting.is_switch:
        return BooleanField(setting.label, default=setting.default == "on", **options)
    sort = TextAreaField if setting.is_long else StringField
    return sort(setting.label, default=setting.default, filters=[stripped], **options)


def _checked(setting: Setting) -> Callable[[Form, Field], None]:
    def check(_form: Form, field: Field) -> None:
        text = _text(field)
        if len(text) > _LONGEST:
            raise ValidationError(f"At most {_LONGEST:,} characters.")
        refuse(setting.problem(text))

    return check


def _text(field: Field) -> str:
    """What a field holds as the stores take it: a switch that is on is `on`."""
    return ("on" if field.data else "") if isinstance(field, BooleanField) else field.data or ""


def _validate_credential(form: DestinationForm, field: Field) -> None:
    if field.data:
        if len(field.data) > _LONGEST or "\0" in field.data:
            raise ValidationError(f"At most {_LONGEST:,} characters of text.")
        refuse(form.kind.credential_problem(field.data))
        return
    if form.kind.credential_is_optional or (form.has_credential and not form.leads_elsewhere):
        return
    label = form.kind.credential_label.lower()
    if form.has_credential:
        raise ValidationError(f"Enter the {label} again: it would be sent to another place than before.")
    raise ValidationError(f"Enter the {label}.")

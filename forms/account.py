"""Forms about people: at the door, on one's own account, on the administrator's page."""

from __future__ import annotations

from typing import Any

from wtforms import (
    BooleanField,
    HiddenField,
    PasswordField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import Email, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from crypto.passwords import MAXIMUM_LENGTH, password_problem
from forms import zones
from forms.base import Form, lowered, stripped
from models.people import user_name_problem

_EMAIL = (Optional(), Email("An e-mail address such as ana@example.com."), Length(max=254))


class SignIn(Form):
    """At the door. Nothing is said about the form of a name: it would tell who can't exist."""

    name = StringField("User name", [InputRequired("Your user name."), Length(max=64)], [lowered])
    password = PasswordField("Password", [InputRequired("Your password."), Length(max=MAXIMUM_LENGTH)])
    zone = HiddenField()


class NewPassword(Form):
    """A password to be set; `about` are words that it may not be made of."""

    about: tuple[str, ...] = ()

    password = PasswordField("Password", [InputRequired("A password of 12 characters or more.")])

    def validate_password(self, field: PasswordField) -> None:
        """Refuse what is easy to guess."""
        problem = password_problem(field.data, self.about)
        if problem:
            raise ValidationError(problem)


class NewPerson(NewPassword):
    """The first administrator, and whoever accepts an invitation."""

    name = StringField("User name", [InputRequired("A user name, such as ana.lima.")], [lowered])
    email = StringField("E-mail", _EMAIL, [stripped])
    # Again, for errors are listed in the order in which fields are declared.
    password = PasswordField("Password", [InputRequired("A password of 12 characters or more.")])
    zone = HiddenField()

    def validate_name(self, field: StringField) -> None:
        """Refuse what can't be a name."""
        problem = user_name_problem(field.data)
        if problem:
            raise ValidationError(problem)

    def validate_password(self, field: PasswordField) -> None:
        """Refuse what is easy to guess for one who knows name and address."""
        self.about = (self.name.data or "", self.email.data or "")
        super().validate_password(field)


class ChangePassword(NewPassword):
    """On one's own account."""

    current = PasswordField("Current password", [InputRequired("Your current password.")])
    password = PasswordField("New password", [InputRequired("A password of 12 characters or more.")])


class Settings(Form):
    """What a person chooses for themselves."""

    email = StringField("E-mail", _EMAIL, [stripped])
    time_zone = SelectField("Time zone", choices=[SelectChoice(zone) for zone in ("UTC", *zones.OFFERED)])


class Rights(Form):
    """What an invited or present person may do."""

    is_admin = BooleanField("Administrator")
    projects = SelectMultipleField("Projects", widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())

    def offer(self, projects: list[Any]) -> None:
        """Offer these projects."""
        self.projects.choices = [SelectChoice(project.id, project.name) for project in projects]


class Invitation(Rights):
    """Whom to invite."""

    email = StringField("E-mail", _EMAIL, [stripped])


def known_zone(name: str | None) -> str:
    """The time zone that the browser named if there is one, else UTC."""
    return name if name in zones.KNOWN else "UTC"

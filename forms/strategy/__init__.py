"""The form of a rotation strategy: parsed and made normal here, saved by rotation/setup/strategies.py."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import BooleanField, Field, HiddenField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import ValidationError

from forms.base import refuse, stripped
from forms.strategy.manager import ManagerFields
from forms.strategy.schedule import ScheduleFields
from forms.strategy.smtp import SmtpFields
from models import Connection
from models.connection import access_key_id_problem
from models.project import name_problem
from models.strategy import iam_path_problem, user_name_problem
from models.vault.adding import NewSecret
from rotation.setup.strategies import NewConnection, Plan

_MANAGERS = [
    SelectChoice("new", "New manager key"),
    SelectChoice("stored", "Stored connection"),
    SelectChoice("practice", "Practice"),
]

ORDER = (
    "manager", "manager_access_key", "manager_secret_key", "connection", "manager_region", "iam_username", "iam_path",
    "connection_name", "environment", "path", "access_key_secret", "access_key_name", "access_key_value",
    "secret_key_secret", "secret_key_name", "secret_key_value", "smtp_region", "smtp_user_secret", "smtp_user_name",
    "smtp_password_secret", "smtp_password_name", "existing_key", "repeat", "interval", "interval_unit", "at", "cron",
    "zone", "window_start", "spread", "grace", "grace_unit", "retire_when", "quiet", "quiet_unit", "deadline",
    "deadline_unit", "watch", "watch_unit",
)  # fmt: skip
"""The fields that can be wrong, as they stand on the page."""


class StrategyForm(ManagerFields, SmtpFields, ScheduleFields):
    """A new strategy, or one that is edited.

    Besides its parents' things, give it the stored connections and whether there is a practice manager
    (`offer_managers`) before it is validated or shown.
    """

    connections: Sequence[Connection] = ()

    manager = RadioField("Manager", choices=_MANAGERS, default="new")
    connection = SelectField("Stored connection", validate_choice=False)
    connection_name = StringField("Name of this connection", filters=[stripped])
    iam_username = StringField("IAM Username", filters=[stripped])
    iam_path = StringField("IAM path of the user", filters=[stripped])
    existing_key = StringField("Existing access key ID", filters=[stripped])
    account = HiddenField()
    """The account that the last check told: for the policy on the page only."""
    save_anyway = BooleanField("Save all the same")

    def offer_managers(self, connections: Sequence[Connection], *, practice: bool) -> None:
        """Offer these stored connections, and the practice manager where there is one."""
        self.connections = connections
        self.connection.choices = [SelectChoice(each.id, f"{each.name}, {each.region}") for each in connections]
        left_out = {"practice"} if not practice else set()
        left_out |= set() if connections else {"stored"}
        self.manager.choices = [choice for choice in _MANAGERS if choice.value not in left_out]

    @property
    def wants_key(self) -> bool:
        """Whether a new manager's key is entered."""
        return bool(self.manager.data == "new")

    @property
    def stored(self) -> Connection | None:
        """The stored connection that is chosen, if one is."""
        if self.manager.data != "stored":
            return None
        return next((each for each in self.connections if each.id == self.connection.data), None)

    @property
    def region(self) -> str:
        """The region in use, as far as it is known."""
        return self.stored.region if self.stored else (self.manager_region.data or "")

    def plan(self, connection: Connection | NewConnection) -> Plan:
        """What the form asks for, over that connection. Only after the form has proven right."""
        environment, path = self.place
        if environment is None or path is None:
            raise ValueError("a form that isn't right has no plan")
        return Plan(
            connection=connection,
            user_name=self.iam_username.data,
            user_path=self.iam_path.data,
            environment=environment,
            path=path,
            access_key=self.secret(self.access_key_secret)
            or NewSecret(self.access_key_name.data, (self.access_key_value.data or "").encode()),
            secret_key=self.secret(self.secret_key_secret)
            or NewSecret(self.secret_key_name.data, (self.secret_key_value.data or "").encode()),
            existing_key_id=self.existing_key.data or "",
            schedule=self.schedule,
            ends=self.ends,
            smtp=self.smtp,
        )

    def validate_connection(self, _field: Field) -> None:
        """One of the project's."""
        if self.manager.data == "stored" and self.stored is None:
            raise ValidationError("Choose one of the project's connections.")

    def validate_connection_name(self, field: Field) -> None:
        """Optional: else the manager's user name serves."""
        if self.wants_key and field.data:
            refuse(name_problem(field.data))

    def validate_iam_username(self, field: Field) -> None:
        """By IAM's own rule."""
        refuse(user_name_problem(field.data or ""))

    def validate_iam_path(self, field: Field) -> None:
        """Empty means `/`; slashes at the ends are added."""
        inner = (field.data or "").strip("/")
        field.data = f"/{inner}/" if inner else "/"
        refuse(iam_path_problem(field.data))

    def validate_existing_key(self, field: Field) -> None:
        """Optional, and not the manager's own."""
        if not field.data:
            return
        refuse(access_key_id_problem(field.data))
        if field.data == (self.stored.access_key_id if self.stored else self.manager_access_key.data):
            raise ValidationError("This is the manager's own key. Enter the target's, or leave it empty.")

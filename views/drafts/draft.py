"""A strategy as it is being filled in: the form with what there is to choose from, and what the page says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import select
from wtforms import Field

from database import db
from forms.strategy import ORDER, StrategyForm
from models import Connection, Project, RotationStrategy, Secret
from models.connection import access_key_id_problem
from models.secret import current_values
from models.strategy import iam_path_problem, user_name_problem
from rotation.provider import SERVICES
from rotation.reach.access import Access
from rotation.setup.checks import Finding, Target, UserKey
from rotation.setup.connections import DEFAULT_ROUNDS, connections_of, is_recorded, known_keys
from rotation.setup.policy import RECOMMENDED, SMALLEST, User, policy
from rotation.setup.strategies import NewConnection
from rotation.when.schedule import shortest_quiet_s
from views.drafts import practice
from views.drafts.asking import new_access, stored_access
from views.drafts.start import choose_usual, free_secrets, start
from views.drafts.times import Times
from views.frame.services import config, keyring

_ACCOUNT_DIGITS = 12
_PREVIEWED = 5


@dataclass
class Draft(Times[StrategyForm]):
    """The form of a new strategy, or of `strategy`.

    `report` is what the last check found, if one was made, `unplaced` what of it no field can mend.
    """

    unplaced: list[Finding] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where the form is posted to."""
        base = f"/projects/{self.project.name}/strategies"
        return f"{base}/{self.strategy.id}/edit" if self.strategy else f"{base}/new/aws-iam"

    @cached_property
    def held_key(self) -> str:
        """The access key ID that the chosen output secret holds, or an empty string."""
        secret = self.form.secret(self.form.access_key_secret)
        if secret is None:
            return ""
        values = current_values(db.session(), self.project.sealing_key(keyring()), [secret.id])
        text = values[secret.id].decode(errors="replace").strip()
        return "" if access_key_id_problem(text) else text

    @cached_property
    def own_keys(self) -> tuple[str, ...]:
        """The key IDs that the strategy made or took over and that AWS still holds."""
        return known_keys(db.session(), [self.strategy.id]).get(self.strategy.id, ()) if self.strategy else ()

    @property
    def keys_to_take_over(self) -> list[UserKey]:
        """The target's keys that aren't the strategy's yet, as the last check listed them."""
        return [
            each
            for each in (self.report.user_keys if self.report else ())
            if each.key.access_key_id not in self.own_keys
        ]

    @property
    def offers_practice(self) -> bool:
        """Whether the practice manager can be chosen."""
        return any(choice.value == "practice" for choice in self.form.manager.choices)

    @property
    def paths(self) -> list[str]:
        """The paths at which the project has secrets."""
        rows = select(Secret.path).where(Secret.project_id == self.project.id).distinct().order_by(Secret.path)
        return list(db.session.scalars(rows))

    @property
    def output_names(self) -> list[str]:
        """The names of the secrets to be written, as they are chosen or typed."""
        form = self.form
        roles = ("access_key", "secret_key", *(("smtp_user", "smtp_password") if form.writes_smtp else ()))
        chosen = [(form.secret(form[f"{role}_secret"]), form[f"{role}_name"]) for role in roles]
        return [secret.name if secret else (name.data or "a new secret") for secret, name in chosen]

    @property
    def wrong_fields(self) -> list[Field]:
        """The fields with an error, in the order of the form."""
        return [self.form[name] for name in ORDER if self.form[name].errors]

    @property
    def schedule_problems(self) -> list[str]:
        """The labels of the fields of part 3 that can't be."""
        form = self.form
        checks = (
            (form.turning_field, form.turning_problem()),
            (form.zone, form.zone_problem()),
            (form.window_start, form.window_problem()),
            (form.spread, form.spread_problem()),
            *form.ends_problems(),
        )
        return [each.label.text for each, problem in checks if problem]

    @property
    def verification(self) -> tuple[int, list[str]]:
        """How many good rounds in a row publish a new key, and the services of a round."""
        stored = self.form.stored
        services = stored.verify_services if stored else SERVICES
        practised = practice.VERIFY_ROUNDS if self.form.manager.data == "practice" else DEFAULT_ROUNDS
        return stored.verify_rounds if stored else practised, [service.upper() for service in services]

    def target(self) -> Target:
        """What a check asks about."""
        form = self.form
        user_name = form.iam_username.data or ""
        keeps = self.strategy is not None and self.strategy.user_name == user_name
        named, held = (self._unless_recorded(key) for key in (form.existing_key.data or "", self.held_key))
        return Target(user_name, self.own_keys if keeps else (), named, held)

    def _unless_recorded(self, access_key_id: str) -> str:
        """The key ID, unless the strategy made or took over that key before, be it deleted by now."""
        if self.strategy is None or not access_key_id:
            return access_key_id
        return "" if is_recorded(db.session(), self.strategy.id, access_key_id) else access_key_id

    def policies(self) -> dict[str, str]:
        """The two policies for the manager, by name, made for what is typed so far."""
        form = self.form
        name = form.iam_username.data or ""
        inner = (form.iam_path.data or "").strip("/")
        path = f"/{inner}/" if inner else "/"
        user = User(
            "USER" if user_name_problem(name) else name, "/" if iam_path_problem(path) else path, self._account()
        )
        return {
            "recommended": policy([user], RECOMMENDED, form.region),
            "smallest": policy([user], SMALLEST, form.region),
        }

    def _account(self) -> str:
        told = self.report.identity.account_id if self.report and self.report.identity else self.form.account.data or ""
        stored = self.form.stored.account_id if self.form.stored else ""
        return stored or (told if len(told) == _ACCOUNT_DIGITS and told.isascii() and told.isdecimal() else "")


def draft(project: Project, strategy: RotationStrategy | None = None, *, posted: bool = True) -> Draft:
    """The form as it was posted, or as it begins, with all there is to choose from."""
    form = StrategyForm() if posted else StrategyForm(formdata=None)
    form.shortest_quiet_s = shortest_quiet_s(config().last_use_lag_s)
    form.offer_managers(connections_of(db.session(), project.id), practice=practice.practice_values() is not None)
    form.offer_places(project.environments)
    if not posted:
        start(form, project, strategy)
    environment, path = form.place
    form.offer_secrets(free_secrets(environment, path, strategy) if environment and path else [])
    if not posted and strategy is None:
        choose_usual(form)
    return Draft(project, strategy, form)


def access(draft: Draft) -> tuple[Access, Connection | NewConnection]:
    """How the form reaches AWS, and the connection: a stored one, or one to be made."""
    form, project = draft.form, draft.project
    values = practice.practice_values() if form.manager.data == "practice" else None
    stored = form.stored
    if values is not None:
        stored = next((each for each in form.connections if each.access_key_id == values.manager.access_key_id), None)
    if stored is not None:
        return stored_access(project, stored), stored
    if values is not None:
        new = NewConnection(practice.CONNECTION_NAME, values.manager, values.region, practice.VERIFY_ROUNDS)
    else:
        new = NewConnection(form.connection_name.data or "", form.pair, form.manager_region.data or "")
    return new_access(project, new.manager, new.region), new

"""What a strategy's form begins with: the usual choices, the practice values, or the strategy as it is."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import aliased

from database import db
from forms.strategy import StrategyForm
from forms.strategy.outputs import ACCESS_KEY_NAME, NEW, SECRET_KEY_NAME
from forms.strategy.smtp import PASSWORD_NAME, USER_NAME
from models import Ends, Environment, Project, RotationStrategy, Secret
from models.vault.writers import is_written
from views.drafts.practice import practice_values
from views.frame.times import reader_zone

_USUAL = {
    "access_key_secret": (ACCESS_KEY_NAME, "AWS_ACCESS_KEY_ID"),
    "secret_key_secret": (SECRET_KEY_NAME,),
    "smtp_user_secret": (USER_NAME,),
    "smtp_password_secret": (PASSWORD_NAME,),
}
_PRACTICE_GRACE_S = 120


def start(form: StrategyForm, project: Project, strategy: RotationStrategy | None) -> None:
    """Fill the form in: with the strategy as it is, or with what a new one most likely wants."""
    if strategy is not None:
        _show(form, strategy)
        return
    form.zone.data = reader_zone().key
    form.manager.data = "stored" if form.connections else "new"
    if form.connections:
        form.connection.data = form.connections[0].id
    place = _placeholders(project)
    if place is not None:
        form.environment.data, form.path.data = place
    elif project.environments:
        form.environment.data = project.environments[0].name


def free_secrets(environment: Environment, path: str, strategy: RotationStrategy | None) -> list[Secret]:
    """The secrets at a place that no other strategy writes, by name."""
    taken = is_written(Secret.id, but=strategy.id if strategy else None)
    rows = db.session.scalars(
        select(Secret).where(Secret.environment_id == environment.id, Secret.path == path, ~taken).order_by(Secret.name)
    )
    return list(rows)


def choose_usual(form: StrategyForm) -> None:
    """Where an output's choice isn't at the chosen place, choose the secret of the usual name, else a new one."""
    by_name = {secret.name: str(secret.id) for secret in form.secrets.values()}
    for field, names in ((form[field], names) for field, names in _USUAL.items()):
        if field.data == NEW or form.secret(field) is None:
            field.data = next((by_name[name] for name in names if name in by_name), NEW)


def use_practice_values(form: StrategyForm) -> None:
    """Choose the practice manager, and fill in a target that no strategy turns yet, with short times."""
    values = practice_values()
    if values is None:
        return
    form.manager.data = "practice"
    form.repeat.data = "button"
    quiet_s = max(form.shortest_quiet_s, _PRACTICE_GRACE_S)
    form.show_ends(Ends(grace_s=_PRACTICE_GRACE_S, quiet_s=quiet_s, deadline_s=quiet_s, watch_s=_PRACTICE_GRACE_S))
    target = values.free_target()
    if target is not None:
        form.iam_username.data, form.iam_path.data = target.user_name, target.path
        form.existing_key.data = target.access_key_id


def _show(form: StrategyForm, strategy: RotationStrategy) -> None:
    form.manager.data, form.connection.data = "stored", strategy.connection_id
    form.iam_username.data, form.iam_path.data = strategy.user_name, strategy.user_path
    form.existing_key.data = strategy.existing_key_id
    form.show_schedule(strategy.schedule, reader_zone().key)
    form.show_ends(strategy.ends)
    secret = strategy.access_key_secret or strategy.secret_key_secret
    if secret is not None:
        form.environment.data, form.path.data = secret.environment.name, secret.path
    form.access_key_secret.data = str(strategy.access_key_secret_id or NEW)
    form.secret_key_secret.data = str(strategy.secret_key_secret_id or NEW)
    form.smtp_region.data = strategy.smtp_region
    form.smtp_user_secret.data = str(strategy.smtp_user_secret_id or NEW)
    form.smtp_password_secret.data = str(strategy.smtp_password_secret_id or NEW)


_OTHER = aliased(Secret)


def _placeholders(project: Project) -> tuple[str, str] | None:
    """The first place that has both secrets of the usual names, written by no strategy."""
    found = db.session.execute(
        select(Environment.name, Secret.path)
        .join(Secret, Secret.environment_id == Environment.id)
        .join(_OTHER, (_OTHER.environment_id == Secret.environment_id) & (_OTHER.path == Secret.path))
        .where(
            Environment.project_id == project.id,
            Secret.name.in_(_USUAL["access_key_secret"]),
            _OTHER.name.in_(_USUAL["secret_key_secret"]),
            ~is_written(Secret.id, _OTHER.id),
        )
        .order_by(Environment.position, Secret.path)
        .limit(1)
    ).first()
    return (found[0], found[1]) if found else None

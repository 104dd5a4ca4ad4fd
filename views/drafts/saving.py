"""From a filled-in form to a saved strategy: the check at AWS, then one transaction."""

from __future__ import annotations

from database import db
from forms.strategy import StrategyForm
from models import RotationStrategy
from models.secret import StaleSecretError
from rotation.setup.checks import EXISTING, MANAGER, USER, Report
from rotation.setup.connections import Refused
from rotation.setup.strategies import Setup, TargetTaken, change_strategy, create_strategy
from views.drafts.asking import ask_one
from views.drafts.draft import Draft, access
from views.fetch import my_projects
from views.frame.identity import audit, me
from views.frame.services import keyring, now

_FIELDS = {
    "manager_access_key": "manager_key_unknown",
    "manager_secret_key": "manager_secret_wrong",
}


def ask_aws(draft: Draft) -> Report:
    """Check the manager and target that the form names. Ends the transaction, for AWS may take its time to answer."""
    asked_by, _ = access(draft)
    draft.report = ask_one(asked_by, draft.target())
    return draft.report


def blame(draft: Draft, report: Report) -> None:
    """Put what the check found wrong at the fields that can mend it, and keep the rest for the top of the page."""
    form = draft.form
    for found in report.failed:
        field = _field_of(form, found.asked, found.code)
        if field:
            form[field].errors = [*form[field].errors, f"{found.sentence}. {found.note}"]
        else:
            draft.unplaced.append(found)


def save(draft: Draft, report: Report) -> RotationStrategy:
    """Save what the form asks for and commit. Raises Refused, with everything rolled back."""
    _, connection = access(draft)
    plan = draft.form.plan(connection)
    key = draft.project.sealing_key(keyring())
    setup = Setup(db.session(), key, now(), me().name, audit)
    try:
        if draft.strategy is None:
            strategy = create_strategy(setup, plan, report)
        else:
            strategy = draft.strategy
            change_strategy(setup, strategy, plan, report)
        db.session.commit()
    except Refused as refused:
        db.session.rollback()
        raise Refused(_shown(draft.form, refused.field), _refusal(refused)) from None
    except StaleSecretError:
        db.session.rollback()
        raise Refused("access_key_secret", "A rotation published a new key at this moment. Save again.") from None
    return strategy


def _shown(form: StrategyForm, field: str) -> str:
    """The field, or where it isn't shown the one in its place."""
    if field != "connection" or form.manager.data == "stored":
        return field
    return "manager_access_key" if form.wants_key else "manager"


def _field_of(form: StrategyForm, asked: str, code: str) -> str:
    if asked == USER:
        return "iam_username"
    if asked == EXISTING:
        return "existing_key"
    if asked != MANAGER:
        return ""
    if not form.wants_key:
        return _shown(form, "connection")
    return next((field for field, of_code in _FIELDS.items() if of_code == code), "")


def _refusal(refused: Refused) -> str:
    """The refusal in words, without a hint at what the person may not see."""
    if not isinstance(refused, TargetTaken):
        return str(refused)
    project = next((each for each in my_projects() if each.id == refused.project_id), None)
    where = f"the project {project.name}" if project else "another project, which you may not enter"
    return f"A strategy in {where} turns the key of this user already. Two would delete each other's keys."

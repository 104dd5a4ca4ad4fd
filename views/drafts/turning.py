"""The form of a manager's own key as it is being filled in, and how it is saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from database import db
from forms import lengths, zones
from forms.strategy.own import TurnKey
from models import Connection, Project, RotationStrategy
from rotation.reach.own_key import strategy_of
from rotation.reach.turning import change_turning, turn_too
from rotation.setup.connections import Refused, strategies_of
from rotation.setup.policy import GAINS
from rotation.setup.strategies import Setup
from rotation.when.schedule import shortest_quiet_s
from views.drafts.asking import ask_about_itself, own_policies, stored_access
from views.drafts.times import Times
from views.fetch import get_connection
from views.frame.identity import audit, me
from views.frame.services import config, keyring, now
from views.frame.times import reader_zone


@dataclass
class OwnDraft(Times[TurnKey]):
    """The form of a connection's own strategy, `strategy` being the one that there is."""

    connection: Connection = field(kw_only=True)

    @property
    def address(self) -> str:
        """Where the form is posted to."""
        return f"/projects/{self.project.name}/connections/{self.connection.name}/turn"

    def values(self) -> dict[str, Any]:
        """What the page is rendered from."""
        return {
            "connection": self.connection,
            "draft": self,
            "report": self.report,
            "policies": own_policies(self.connection, strategies_of(db.session(), self.connection.id)),
            "gains": GAINS,
            "zones": zones.OFFERED,
            "reader_zone": reader_zone().key,
            "shortest_quiet": lengths.spell(self.form.shortest_quiet_s),
        }


def draft_of(project: Project, connection: Connection, *, posted: bool) -> OwnDraft:
    """The form as it was posted, or as it begins."""
    form = TurnKey() if posted else TurnKey(formdata=None)
    form.shortest_quiet_s = shortest_quiet_s(config().last_use_lag_s)
    strategy = strategy_of(db.session(), connection.id)
    if not posted:
        form.show_schedule(strategy.schedule if strategy else None, reader_zone().key)
        if strategy is None:
            form.repeat.data = "every"
        else:
            form.show_ends(strategy.ends)
    return OwnDraft(project, strategy, form, connection=connection)


def save(draft: OwnDraft) -> RotationStrategy | None:
    """Save what the form asks for and commit; None when the check of a new one found something that isn't accepted.

    Raises Refused, with everything rolled back.
    """
    setup = Setup(db.session(), draft.project.sealing_key(keyring()), now(), me().name, audit)
    strategy = draft.strategy
    try:
        if strategy is None:
            strategy = _make(draft, setup)
        else:
            change_turning(setup, strategy, draft.form.turns)
    except Refused:
        db.session.rollback()
        raise
    db.session.commit()
    return strategy


def _make(draft: OwnDraft, setup: Setup) -> RotationStrategy | None:
    project, name = draft.project, draft.connection.name
    report = ask_about_itself(stored_access(project, draft.connection))
    draft.connection = get_connection(project, name)
    if report.identity is not None and report.failed and not draft.form.save_anyway.data:
        draft.report = report
        return None
    return turn_too(setup, draft.connection, draft.form.turns, report)

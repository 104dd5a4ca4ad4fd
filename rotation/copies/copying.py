"""One copy: taken, written to its destination, and what came of it. No transaction is open while a store is asked.

Only one worker is at a copy at a time, and each reads what is current when it begins: so an older value never follows a
newer one. What a store took is noted name by name, so that a try that is cut off is gone on with and not begun anew.
A worker whose time ran out changes nothing any more. One whose copy was wanted anew, or led elsewhere, meanwhile stops:
what it wrote no longer counts.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crypto import Keyring
from models import Connection, Copy, Destination, Project, RotationStrategy, SecretVersion
from models.audit import Action, record
from models.base import as_long_again
from models.copies.copy import (
    LONGEST_PAUSE,
    OUTPUTS,
    claim_copy,
    claimed_tries,
    when_more_is_wanted,
    write_copy,
)
from models.engine import begin_reading
from models.secret import current_versions, versions_at
from rotation.asking import Way, printable
from rotation.clock import Clock
from rotation.copies import telling
from rotation.copies.holding import let_go
from rotation.copies.kinds import KINDS
from rotation.copies.store import Means, Store, StoreError, Why
from rotation.reach.ways import access_of

log = logging.getLogger(__name__)

TAKEN_FOR = timedelta(minutes=6)
"""Longer than a worker may be at one job."""
_AT_IT_FOR = timedelta(minutes=3)
"""After that it begins with no further name; the next try goes on."""


@dataclass(frozen=True)
class Copier:
    """What a copy is made with."""

    session: Session
    keyring: Keyring
    clock: Clock
    endpoint_url: str = ""
    """Where AWS is asked for connections that don't say."""


@dataclass
class _Try:
    """A try in progress. `wanted`: by name there, the version's id and the value that it is to have."""

    copy: Copy
    until: datetime
    wanted: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)

    @property
    def changed(self) -> dict[str, str]:
        """The values that the destination hasn't got yet, by name."""
        return {name: value for name, (version, value) in self.wanted.items() if self.copy.written.get(name) != version}

    @property
    def doomed(self) -> list[str]:
        """The names that Keyturn made there and that aren't wanted any more."""
        return sorted(set(self.copy.made) - set(self.wanted))


def copy_once(copier: Copier, copy_id: int) -> bool | None:
    """Work on the copy if it is due: whether all went well, or None where there was nothing to do."""
    session, now = copier.session, copier.clock.now()
    until = now + TAKEN_FOR
    copy = claim_copy(session, copy_id, now, until)
    if copy is None:
        return None
    attempt = _Try(copy, until)
    try:
        whole = _bring(copier, attempt, now + _AT_IT_FOR)
    except StoreError as error:
        _fail(copier, attempt, error)
        return False
    except Exception as error:  # noqa: BLE001 - whatever a store's answer brings about, the copy is tried again
        # The text of a foreign exception may hold what was sent: only its kind is told.
        log.warning("copy %s: %s", copy_id, type(error).__name__)
        _fail(copier, attempt, StoreError(Why.FAILED, f"Keyturn met an error of its own ({type(error).__name__})"))
        return False
    return _settle(copier, attempt, whole=whole)


def store_of(copier: Copier, destination: Destination, session_name: str) -> Store:
    """The store behind a destination. `session_name`: of a role that its connection assumes. Ends its transaction.

    Raises crypto.CannotOpenError with the wrong master key.
    """
    session = copier.session
    begin_reading(session)
    project = session.get_one(Project, destination.project_id)
    access = None
    if destination.connection_id is not None:
        connection = session.get_one(Connection, destination.connection_id)
        access = access_of(connection, project, copier.keyring, session_name, copier.endpoint_url)
    credential = destination.open_credential(project.sealing_key(copier.keyring))
    kind = KINDS[destination.kind]
    way = Way(allows_private=destination.allows_private)
    means = Means(kind.filled(destination.settings), credential, way, access)
    session.commit()
    return kind.make(means)


def _bring(copier: Copier, attempt: _Try, at_it_until: datetime) -> bool:
    """Write what differs and delete what is no longer wanted; False where time ran out before the end."""
    session, copy, destination = copier.session, attempt.copy, attempt.copy.destination
    begin_reading(session)
    if copy.removing_at is None:
        attempt.wanted = _wanted(copier, copy)
        _want_free_names(session, copy, attempt.wanted)
    session.commit()
    store = store_of(copier, destination, f"keyturn-c{copy.id}")
    for values in _portions(attempt, store):
        if copier.clock.now() >= at_it_until:
            return False
        store.write(values, lambda name: _made(copier, attempt, name))
        copy.written = {**copy.written, **{name: attempt.wanted[name][0] for name in values}}
        if not _note(copier, attempt):
            return False
    if attempt.doomed and KINDS[destination.kind].can_delete:
        store.delete(attempt.doomed)
        copy.made = [name for name in copy.made if name in attempt.wanted]
    copy.written = {name: version for name, version in copy.written.items() if name in attempt.wanted}
    return True


def _portions(attempt: _Try, store: Store) -> list[dict[str, str]]:
    """What is written at once: one name at a time, so that each is noted, or everything where the store wants that."""
    changed = attempt.changed
    if not store.writes_whole:
        return [{name: value} for name, value in changed.items()]
    gone = set(attempt.copy.written) - set(attempt.wanted)
    return [{name: value for name, (_, value) in attempt.wanted.items()}] if changed or gone else []


def _made(copier: Copier, attempt: _Try, name: str) -> None:
    """Note that the name wasn't there before. Rather forgotten in a crash than a stranger's deleted."""
    if name in attempt.wanted and name not in attempt.copy.made:
        attempt.copy.made = [*attempt.copy.made, name]
        _note(copier, attempt)


def _wanted(copier: Copier, copy: Copy) -> dict[str, tuple[str, str]]:
    """What the destination is to have now, read in one statement and so from one moment."""
    session = copier.session
    found: Mapping[str, SecretVersion]
    if copy.strategy_id is None:
        rows = versions_at(session, copy.environment_id or 0, copy.path or "/")
        found = {copy.prefix + secret.name: version for secret, version in rows}
    else:
        strategy = session.get_one(RotationStrategy, copy.strategy_id)
        found = _outputs(session, strategy, copy.names)
    key = session.get_one(Project, copy.project_id).sealing_key(copier.keyring)
    return {name: (version.id, _text(name, version.open(key))) for name, version in found.items()}


def _outputs(session: Session, strategy: RotationStrategy, names: Mapping[str, str]) -> dict[str, SecretVersion]:
    called = {
        secret_id: names[output]
        for output, secret_id in zip(OUTPUTS, strategy.output_ids, strict=False)
        if secret_id is not None and output in names
    }
    return {called[version.secret_id]: version for version in current_versions(session, called)}


def _text(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise StoreError(Why.BAD_VALUE, f"{name} isn't text") from None


def _want_free_names(session: Session, copy: Copy, wanted: Mapping[str, Any]) -> None:
    """Raise StoreError where another copy writes one of the names: they would overwrite each other by turns."""
    others = session.scalars(select(Copy).where(Copy.destination_id == copy.destination_id, Copy.id != copy.id))
    taken = sorted(set(wanted) & {name for other in others for name in other.written})
    if taken:
        raise StoreError(Why.TAKEN, f"another copy writes {', '.join(taken)} there")


def _note(copier: Copier, attempt: _Try) -> bool:
    """Write down what was written and made so far; False where the try is to stop."""
    goes_on = _write(copier, attempt, {}, {})
    copier.session.commit()
    return goes_on


def _write(copier: Copier, attempt: _Try, values: Mapping[str, Any], if_anew: Mapping[str, Any]) -> bool:
    """Write how far the try came, and `values`, without committing.

    False if the copy is no longer this worker's. False too if it was wanted anew meanwhile: then `if_anew` is written
    instead, and of how far it came only what was made, if the destination still leads there.
    """
    session, copy = copier.session, attempt.copy
    tries = claimed_tries(session, copy, attempt.until)
    if tries is None:
        return False
    if tries == copy.tries:
        write_copy(session, copy, written=dict(copy.written), made=list(copy.made), **values)
        return True
    made = {"made": list(copy.made)} if _leads_as_before(session, copy.destination) else {}
    write_copy(session, copy, **made, **if_anew)
    return False


def _leads_as_before(session: Session, before: Destination) -> bool:
    columns = (Destination.settings, Destination.connection_id)
    now = session.execute(select(*columns).where(Destination.id == before.id)).one()
    return tuple(now) == (before.settings, before.connection_id)


def _settle(copier: Copier, attempt: _Try, *, whole: bool) -> bool:
    """Write what came of the try, and let others have the copy; whether it stands as it was wanted."""
    session, copy, now = copier.session, attempt.copy, copier.clock.now()
    released: dict[str, Any] = {"busy_until": None, "next_at": now}
    values = released
    if whole:
        mended = {"failing_since": None, "why": "", "said": ""}
        due = when_more_is_wanted(copy, now)
        values = {**released, "next_at": due, "confirmed": copy.wanted, "copied_at": now, **mended}
    stands = _write(copier, attempt, values, if_anew=released) and whole
    if stands and copy.removing_at is not None:
        telling.forget(session, copy)
        session.execute(delete(Copy).where(Copy.id == copy.id))
        let_go(session, copy.project_id, now)
    elif stands and copy.is_behind:
        _note_in_log(session, copy, now, Action.COPY_CONFIRM)
        telling.tell_mended(session, copy, now)
        let_go(session, copy.project_id, now)
    session.commit()
    return stands


def _fail(copier: Copier, attempt: _Try, error: StoreError) -> None:
    """Write down why, and when to try again; the first time in the audit log too."""
    session, copy, now = copier.session, attempt.copy, copier.clock.now()
    session.rollback()  # one that has only read can't write any more on SQLite, where others wrote meanwhile
    since = copy.failing_since or now
    again = max(as_long_again(since, now, LONGEST_PAUSE), now + timedelta(seconds=min(error.retry_after_s or 0, 3600)))
    values = {
        "busy_until": None, "next_at": again, "failing_since": since, "why": error.why.value,
        "said": printable(error.said)[:300],
    }  # fmt: skip
    failed = _write(copier, attempt, values, if_anew={"busy_until": None, "next_at": now})
    if failed and copy.failing_since is None:
        _note_in_log(session, copy, now, Action.COPY_FAIL, why=error.why.value)
    if failed:
        telling.tell_failure(session, copy, error.why, since, now)
    session.commit()
    log.info("copy %s: %s, tried again at %s", copy.id, error.why.value, again)


def _note_in_log(session: Session, copy: Copy, now: datetime, action: Action, **detail: Any) -> None:
    destination = session.get_one(Destination, copy.destination_id)
    record(
        session, at=now, actor="worker", action=action, thing=destination.name, project_id=copy.project_id,
        strategy_id=copy.strategy_id, copy=copy.id, **detail,
    )  # fmt: skip

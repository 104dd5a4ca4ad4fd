"""Runs a claimed rotation: next step until it is done or must wait.

Any number of workers may call `run` for the same rotation at any time: the lease lets one of them work, and what a
worker that lost it still writes changes nothing. A worker that dies leaves its lease to run out; so does one whose
database goes away, for it knows no more than the next one what was written last.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import InterfaceError, OperationalError

from models import Rotation, State
from models.engine import begin_reading
from models.rotation import claim
from rotation import failing, publishing, steps
from rotation.errors import RotationError
from rotation.work import EditedError, LeaseLostError, Tools, Work

log = logging.getLogger(__name__)

Step = Callable[[Work], datetime | None]

STEPS: dict[State, Step] = {
    State.QUEUED: steps.make_ready,
    State.CREATING: steps.create,
    State.VERIFYING: steps.verify,
    State.PUBLISHING: publishing.publish,
}


def run(tools: Tools, rotation_id: int) -> datetime | None:
    """Work on the rotation as far as it goes now.

    Returns when it wants to be worked on again, or None when it has ended, is another worker's or isn't due. Raises
    what the database raises when it goes away.
    """
    taken = claim(tools.session, rotation_id, tools.owner, tools.clock.now(), tools.timing.lease)
    tools.session.commit()
    if not taken:
        return None
    work = _load(tools, rotation_id)
    try:
        while work.rotation.is_open:
            until = _one_step(work)
            if until is not None:
                work.save(release=True, wait_until=until)
                return until
    except LeaseLostError:
        log.warning("rotation %s: the lease is another worker's", rotation_id)
    return None


def _load(tools: Tools, rotation_id: int) -> Work:
    begin_reading(tools.session)
    rotation = tools.session.get_one(Rotation, rotation_id, populate_existing=True)
    work = Work(tools, rotation, rotation.strategy, rotation.strategy.connection)
    tools.session.commit()
    return work


def _one_step(work: Work) -> datetime | None:
    """Take the next step; returns until when to wait, or None to go on."""
    rotation = work.rotation
    try:
        return STEPS[State(rotation.state)](work)
    except RotationError as error:
        work.session.rollback()
        return failing.fail_or_wait(work, error)
    except EditedError:
        work.session.rollback()
        work.save(state=State.QUEUED.value)
        return work.now()
    except (LeaseLostError, OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the rotation must end or wait with a time
        # The text of a foreign exception may hold a secret: only its kind is told.
        log.error("rotation %s: %s in state %s", rotation.id, _where(error), rotation.state)  # noqa: TRY400
        work.session.rollback()
        return failing.fail_or_wait(work, RotationError("interrupted", said=type(error).__name__))


def _where(error: Exception) -> str:
    """The kind of the error and the line that raised it: no text, no values."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return f"{type(error).__name__}{place}"

"""The job that copies to one destination what is to be copied there."""

from __future__ import annotations

from jobs.runtime import runtime
from rotation.copies.copying import Copier, copy_once


def copy(copy_id: int) -> None:
    """Work on the copy if it is due."""
    tools_of = runtime()
    with tools_of.session() as session:
        copy_once(Copier(session, tools_of.keyring, tools_of.clock, tools_of.config.aws_endpoint_url), copy_id)

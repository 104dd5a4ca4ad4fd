"""A failure as programs are told it."""

from __future__ import annotations

from collections.abc import Mapping

from rotation.failures import FAILURES


def told_of(code: str, facts: Mapping[str, str]) -> dict[str, str]:
    """The failure of this code with the facts of one case: its code and its texts, without the command."""
    told = FAILURES[code].tell(facts)
    return {"code": code, "heading": told.heading, "why": told.why, "what_to_do": told.what_to_do}

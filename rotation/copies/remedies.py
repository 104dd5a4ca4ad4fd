"""Why a copy doesn't get on, in words: for the pages, and for the row of a strategy whose old key waits for it."""

from __future__ import annotations

from dataclasses import dataclass

from rotation.copies.store import Why


@dataclass(frozen=True)
class Remedy:
    """What a person reads: `label` for a row, `why` and `what_to_do` in sentences."""

    label: str
    why: str
    what_to_do: str


REMEDIES = {
    Why.REFUSED: Remedy(
        "Credential refused",
        "The destination doesn't take the credential: it is wrong, has expired or was revoked.",
        "Make a new one there and enter it at the destination.",
    ),
    Why.FORBIDDEN: Remedy(
        "Not permitted",
        "The destination knows the credential and doesn't permit it what the copy needs.",
        "Give it the permissions that docs/copies.md lists, there.",
    ),
    Why.NO_SUCH_PLACE: Remedy(
        "No such place",
        "The destination says that the place isn't there. Some say so too of what the credential may not see.",
        "Correct the place, or let the credential see it.",
    ),
    Why.BAD_VALUE: Remedy(
        "Value not taken",
        "The destination doesn't take a name or value as it is.",
        "Give it another name there, or change the secret; what the destination said tells which.",
    ),
    Why.TAKEN: Remedy(
        "Name written twice",
        "Two copies would write the same name at one destination, and overwrite each other by turns.",
        "Give one of the two another name or prefix.",
    ),
    Why.FULL: Remedy(
        "Destination full",
        "The destination's limit of entries or bytes is reached.",
        "Delete there what nobody uses, or copy less.",
    ),
    Why.THROTTLED: Remedy(
        "Throttled",
        "The destination takes no more requests for now.",
        "Nothing, unless it goes on: then look for what else uses the credential.",
    ),
    Why.UNREACHABLE: Remedy(
        "Unreachable",
        "No answer came.",
        "If it goes on, look at the address, and at this machine's way out: proxy, DNS, firewall.",
    ),
    Why.FAILED: Remedy(
        "Destination failed",
        "The destination has trouble of its own, or answered what its API doesn't describe.",
        "Nothing, unless it goes on: then look at what it said.",
    ),
}
"""Every reason has one."""

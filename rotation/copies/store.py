"""What is asked of another store: the seam between a copy and one kind of place.

One file holds each kind: a `Kind` that says what a person fills in, and the class that `make` returns. The same
contract tests (`tests/rotation/copies/stores/test_store_contract.py`) hold all of them to what stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from rotation.asking import Way
from rotation.reach.access import Access


class Why(StrEnum):
    """Why a store didn't do what it was asked: a closed list, each with its remedy in rotation/copies/remedies.py."""

    REFUSED = "refused"
    """The credential isn't right, or no longer."""
    FORBIDDEN = "forbidden"
    """The credential is right and may not do this."""
    NO_SUCH_PLACE = "no-such-place"
    """The repository, project, namespace or address isn't there, or isn't shown to this credential."""
    BAD_VALUE = "bad-value"
    """The store doesn't take this name or value, whoever asks."""
    TAKEN = "taken"
    """Another copy writes one of the names: found by Keyturn itself, by no store."""
    FULL = "full"
    """The store's limit of entries or bytes is reached."""
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    """No answer came."""
    FAILED = "failed"
    """The store has trouble of its own, or answers what its API doesn't describe."""


class StoreError(Exception):
    """A store didn't do it. `said` is its own word, cut short, without any value or credential that was sent."""

    def __init__(self, why: Why, said: str = "", retry_after_s: int | None = None) -> None:
        super().__init__(f"{why.value}: {said}")
        self.why, self.said, self.retry_after_s = why, said, retry_after_s


class Store(Protocol):
    """One place in another store, such as a repository's secrets. Every method raises StoreError, and nothing else."""

    @property
    def writes_whole(self) -> bool:
        """Whether `write` is to be given all values of a copy each time, for the store takes them at once."""
        ...

    def check(self) -> str:
        """Try the credential and the place, changing nothing; returns what was found, in a sentence for a person.

        What can't be seen without writing (that it may write, in some stores) is said in it.
        """
        ...

    def write(self, values: Mapping[str, str], made: Callable[[str], None]) -> None:
        """Write each value under its name there, and touch no other name. Writing the same again changes nothing.

        `made` is called with each name that wasn't there before, once it is; a store that can't tell never calls it.
        Where the store allows it, all are written at once, or all or none.
        """
        ...

    def delete(self, names: Collection[str]) -> None:
        """Delete these names. One that is gone already is no error; nor is a place that is gone."""
        ...


@dataclass(frozen=True)
class Means:
    """What a store is made from: what a person filled in, by the names of the kind's fields, and how it is reached."""

    settings: Mapping[str, str]
    credential: str = field(default="", repr=False)
    way: Way = field(default_factory=Way)
    access: Access | None = None
    """How AWS is asked, for AWS's own stores: by a connection of the project."""


def _anything(_text: str) -> str | None:
    return None


@dataclass(frozen=True)
class Setting:
    """One field of the form of a kind. A checkbox holds `on` or nothing."""

    name: str
    label: str
    hint: str = ""
    """Below the field, in a sentence."""
    default: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    """Values and their words: the field is a choice of these."""
    is_switch: bool = False
    is_long: bool = False
    """Several lines."""
    leads: bool = False
    """Whether it decides to whom the credential is sent: who changes it gives the credential anew."""
    problem: Callable[[str], str | None] = _anything
    """Why it can't be this, in a sentence; None when it can. Choices are checked without it."""


@dataclass(frozen=True)
class Kind:
    """A kind of store: its words, its form, its rule for names, and how one is made."""

    id: str
    """`github`: stored, and part of no address."""
    title: str
    """`GitHub Actions`."""
    about: str
    """What it is for and what the credential has to be permitted, in one or two sentences for the form."""
    settings: tuple[Setting, ...]
    make: Callable[[Means], Store]
    credential_label: str = ""
    """What the credential is called there, such as `Access token`; empty: none is needed, or it is a connection."""
    credential_hint: str = ""
    credential_is_long: bool = False
    credential_is_optional: bool = False
    credential_problem: Callable[[str], str | None] = _anything
    """Why the credential can't be right, in a sentence that doesn't quote it; None when it can."""
    by_connection: bool = False
    """Whether it is reached by a connection of the project."""
    place: Callable[[Mapping[str, str]], str] = lambda settings: next(iter(settings.values()), "")
    """From the settings to the words for the place: `acme/shop, environment production`."""
    problem: Callable[[Mapping[str, str]], tuple[str, str] | None] = lambda _settings: None
    """Why the settings can't be right together: a field's name and a sentence; None when they can."""
    name_problem: Callable[[str], str | None] = _anything
    """Why a value can't have this name there, in a sentence; None when it can."""
    names_problem: Callable[[Mapping[str, str], Collection[str]], tuple[str, str] | None] = lambda _settings, _names: (
        None
    )
    """Why the settings can't be right for these names there: a field's name and a sentence; None when they can."""
    can_delete: bool = True
    """Whether names can be deleted there."""

    def filled(self, settings: Mapping[str, str]) -> dict[str, str]:
        """The settings that were stored, whole: one that is newer than they are has its default."""
        return {each.name: settings.get(each.name, each.default) for each in self.settings}

    def place_of(self, settings: Mapping[str, str]) -> str:
        """The words for the place that these stored settings lead to."""
        return self.place(self.filled(settings))

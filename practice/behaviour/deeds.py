"""What somebody else does to the account, in the moment before or after a certain call: the hand between two steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any

from practice.account import user_concerned
from practice.behaviour.faults import Which
from practice.owner import Owner
from practice.request import Request

# Each is given the owner, the name of the user that the call is about, and the key that signs it.
DEEDS: Mapping[str, Callable[[Owner, str, str], str]] = {
    "take_permissions": lambda owner, _user, signing: owner.take_permissions(owner.owner(signing)),
    "give_permissions": lambda owner, _user, signing: owner.give_permissions(owner.owner(signing)),
    "deactivate_manager": lambda owner, _user, signing: owner.deactivate(signing),
    "delete_user": lambda owner, user, _signing: owner.delete_user(user),
    "make_key": lambda owner, user, _signing: owner.make_key(user),
    "delete_oldest_key": lambda owner, user, _signing: owner.delete_key_of(user, 0),
    "delete_newest_key": lambda owner, user, _signing: owner.delete_key_of(user, -1),
}


@dataclass
class Deed(Which):
    """One deed: `does` one of DEEDS, `when` (before, after) which call; `times`: at so many calls."""

    does: str = ""
    when: str = "after"
    times: int = 1

    def __post_init__(self) -> None:
        if self.does not in DEEDS:
            raise ValueError(f"does is one of {', '.join(DEEDS)}")
        if self.when not in {"before", "after"}:
            raise ValueError("when is one of before, after")


class Deeds:
    """The deeds that are still to be done, oldest first."""

    def __init__(self) -> None:
        self._deeds: list[Deed] = []
        self._lock = Lock()

    def add(self, values: Mapping[str, Any]) -> None:
        """Plan a deed. Raises ValueError or TypeError on values that make none."""
        deed = Deed(**values)
        with self._lock:
            self._deeds.append(deed)

    def clear(self) -> None:
        """Plan nothing any more."""
        with self._lock:
            self._deeds.clear()

    def listed(self) -> list[dict[str, Any]]:
        """The deeds that are still to come."""
        with self._lock:
            return [asdict(deed) for deed in self._deeds]

    def met(self, when: str, request: Request) -> bool:
        """Whether anything is planned `when` (before, after) that call."""
        with self._lock:
            return any(deed.when == when and deed.meets(request) for deed in self._deeds)

    def do(self, when: str, request: Request) -> list[tuple[str, str]]:
        """Do what is planned `when` (before, after) that call; returns each deed with the key concerned, if any."""
        with self._lock:
            met = [deed for deed in self._deeds if deed.when == when and deed.meets(request)]
            for deed in met:
                deed.times -= 1
            self._deeds = [deed for deed in self._deeds if deed.times > 0]
        owner, user = Owner(request.region), user_concerned(request)
        return [(deed.does, DEEDS[deed.does](owner, user, request.access_key_id)) for deed in met]

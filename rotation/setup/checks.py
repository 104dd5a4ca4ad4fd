"""What a manager may do on its target, asked of AWS without changing anything.

A row (`Finding`) for each question: what was asked, how it ended, a sentence and AWS's own word. Some questions have
no answer without changing something or knowing more, and say so instead of guessing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from rotation.errors import RotationError
from rotation.provider import Identity, LastUse, ListedKey, Provider
from rotation.setup.policy import CREATE, DELETE, LAST_USE, LIST, UPDATE

MOST_TARGETS = 20
"""Of how many users the check of a connection asks: a person waits for the answer."""

MANAGER, USER, ROOM, EXISTING = "manager", "user", "room", "existing"
"""What is asked besides actions."""

_KEYS_PER_USER = 2
_HINTS = {
    "manager_secret_wrong": "A space or a line break at the end is a usual cause.",
    "manager_key_unknown": "Activate it in the AWS console, or make a new one.",
    "role_not_assumable": "A trust policy that was just changed takes some seconds to count.",
    "not_permitted": "Paste the policy on this page into the manager's permissions; it names the user with its path.",
    "no_such_user": "Names are exact, upper and lower case too.",
}

T = TypeVar("T")


class Outcome(StrEnum):
    """How a question ended."""

    OK = "ok"
    FAILED = "failed"
    UNTESTED = "untested"


@dataclass(frozen=True)
class Finding:
    """One row of a check. `said` is AWS's own word, `code` the failure's in rotation.failures; either may be empty."""

    asked: str
    outcome: Outcome
    sentence: str
    note: str = ""
    said: str = ""
    code: str = ""


@dataclass(frozen=True)
class Target:
    """A user that a check asks about.

    `keys` are key IDs known to be the user's and the strategy's. Two more are to be taken over, and may turn out to be
    anybody's: `named` by a person, and `held` by the placeholder secret.
    """

    user_name: str
    keys: tuple[str, ...] = ()
    named: str = ""
    held: str = ""
    itself: bool = False
    """Whether it is the connection's key that turns, which asks about itself even where it assumes a role."""


@dataclass(frozen=True)
class UserKey:
    """A key that the target has, with its last use as far as AWS tells it; `use` is None where it doesn't."""

    key: ListedKey
    use: LastUse | None


@dataclass(frozen=True)
class Report:
    """What a check found; `identity` is the manager's, or None when AWS didn't take its key or the role wasn't its."""

    identity: Identity | None
    findings: tuple[Finding, ...]
    caller: str = ""
    """The ARN of who couldn't assume the role, as far as AWS told it."""
    user_keys: tuple[UserKey, ...] = ()
    """The target's keys, where the manager may list them."""

    @property
    def failed(self) -> list[Finding]:
        """The questions that ended badly."""
        return [finding for finding in self.findings if finding.outcome is Outcome.FAILED]

    def find(self, asked: str) -> Finding | None:
        """The first finding on `asked`, if it was asked."""
        return next((finding for finding in self.findings if finding.asked == asked), None)

    @property
    def may_deactivate(self) -> bool | None:
        """Whether the manager may deactivate the target's keys; None where AWS didn't say."""
        found = self.find(UPDATE)
        if found is None or found.code not in {"", "not_permitted"}:
            return None
        return found.outcome is Outcome.OK

    def rows(self) -> list[dict[str, Any]]:
        """The findings as JSON can hold them."""
        return [asdict(finding) for finding in self.findings]


def check(provider: Provider, target: Target) -> Report:
    """Ask AWS all that a rotation of one target needs. Never raises: what goes wrong is a finding. Changes nothing."""
    identity, manager, caller = _manager(provider)
    if identity is None:
        return Report(None, (manager, _not_asked("Target and permissions")), caller)
    listed, listing_failure = _ask(LIST, lambda: provider.list_keys(target.user_name))
    _, delete_failure = _ask(DELETE, lambda: provider.may_delete(target.user_name))
    missing = next((each for each in (delete_failure, listing_failure) if each and each.code == "no_such_user"), None)
    if missing:
        return Report(identity, (manager, replace(missing, asked=USER), _last_use(provider, Target(""), ())))
    known = delete_failure is None or listed is not None
    key_ids = tuple(key.access_key_id for key in listed or ())
    findings = [
        manager,
        _user(target.user_name, identity, known=known),
        delete_failure or _deletable([target.user_name]),
        _last_use(provider, target, key_ids),
        *_existing(provider, target, key_ids),
        *_room(target, listed),
        _create(),
        listing_failure or _listing(listed),
        _deactivatable(provider, target.user_name),
    ]
    user_keys = tuple(
        UserKey(key, _ask(LAST_USE, partial(provider.last_use, key.access_key_id))[0]) for key in listed or ()
    )
    return Report(identity, tuple(findings), user_keys=user_keys)


def check_connection(provider: Provider, targets: Sequence[Target]) -> Report:
    """Ask AWS what a connection may do on its strategies' targets, the first MOST_TARGETS of them. As `check`."""
    identity, manager, caller = _manager(provider)
    if identity is None:
        return Report(None, (manager, _not_asked("Permissions")), caller)
    asked = targets[:MOST_TARGETS]
    with_key = next((target for target in asked if target.keys and not target.itself), Target(""))
    findings = [manager, _last_use(provider, with_key, ()), *_deletes(provider, asked)]
    if len(targets) > len(asked):
        left = f"{len(targets) - len(asked)} more users aren't asked about"
        findings.append(Finding(DELETE, Outcome.UNTESTED, left, "Check them by editing their strategies."))
    return Report(identity, (*findings, _create()))


def check_own(provider: Provider) -> Report:
    """Ask AWS whether the manager may turn its own key: itself, not the role that it assumes. As `check`."""
    provider = provider.with_role(None)
    identity, manager, caller = _manager(provider)
    if identity is None:
        return Report(None, (manager, _not_asked("Permissions")), caller)
    return check_connection(provider, [Target(identity.user_name)] if identity.user_name else [])


def _ask(asked: str, call: Callable[[], T]) -> tuple[T | None, Finding | None]:
    try:
        return call(), None
    except RotationError as error:
        return None, _failure(asked, error)


def _failure(asked: str, error: RotationError) -> Finding:
    told = error.told()
    note = " ".join(filter(None, (told.why, _HINTS.get(error.code, ""))))
    return Finding(asked, Outcome.FAILED, told.heading, note, error.facts.get("said", ""), error.code)


def _manager(provider: Provider) -> tuple[Identity | None, Finding, str]:
    """Who asks; how that went; and who couldn't assume the role, if that is what failed."""
    try:
        identity = provider.identify()
    except RotationError as error:
        return None, _failure(MANAGER, error), error.facts.get("caller", "")
    sentence = "The role can be assumed" if identity.assumed_by else "The manager's key works"
    return identity, Finding(MANAGER, Outcome.OK, sentence, identity.arn), ""


def _not_asked(what: str) -> Finding:
    return Finding(USER, Outcome.UNTESTED, what, "Not tried without a manager key that works.")


def _user(user_name: str, identity: Identity, *, known: bool) -> Finding:
    if user_name.lower() == identity.user_name.lower():
        note = "It would turn its own key, and this connection would go on with the old one until that is deleted."
        return Finding(USER, Outcome.FAILED, f"{user_name} is the manager itself", note)
    if known:
        return Finding(USER, Outcome.OK, f"The user {user_name} exists", f"In account {identity.account_id}.")
    note = "AWS refuses before it looks the user up."
    return Finding(USER, Outcome.UNTESTED, f"Whether there is a user {user_name} can't be told", note)


def _deletable(user_names: Sequence[str]) -> Finding:
    note = "Asked with a key ID that doesn't exist, so nothing was deleted."
    return Finding(DELETE, Outcome.OK, f"{DELETE} is allowed on {', '.join(user_names)}", note)


def _deletes(provider: Provider, targets: Sequence[Target]) -> list[Finding]:
    itself = provider.with_role(None)
    asking = {each.user_name: (itself if each.itself else provider).may_delete for each in targets}
    failures = {name: _ask(DELETE, partial(may_delete, name))[1] for name, may_delete in asking.items()}
    allowed = [name for name, failure in failures.items() if failure is None]
    refused = [failure for failure in failures.values() if failure is not None]
    return [*([_deletable(allowed)] if allowed else []), *refused]


def _last_use(provider: Provider, target: Target, listed: Sequence[str]) -> Finding:
    """A policy may allow this on the target's keys alone, so that only a key of the target's tells for certain."""
    theirs = next(iter((*target.keys, *listed)), None)
    call: Callable[[], LastUse | None] = provider.may_read_last_use
    if theirs:
        call = lambda: provider.last_use(theirs)  # noqa: E731
    _, failure = _ask(LAST_USE, call)
    if failure is None or failure.code == "unknown_key":
        return Finding(LAST_USE, Outcome.OK, f"{LAST_USE} is allowed")
    if theirs or failure.code != "not_permitted":
        return failure
    note = (
        "AWS refuses it for the manager's own key, and so it does where the policy has it for the user's keys alone. "
        "If the policy lacks it, old keys are never deleted."
    )
    sentence = f"{LAST_USE} can't be tried without a key of the user"
    return Finding(LAST_USE, Outcome.UNTESTED, sentence, note, failure.said)


def _existing(provider: Provider, target: Target, listed: Sequence[str]) -> list[Finding]:
    """Whose the keys are that are to be taken over."""
    asked = [key for key in dict.fromkeys((target.named, target.held)) if key and key not in target.keys]
    return [_taken_over(provider, target, key, listed) for key in asked]


def _taken_over(provider: Provider, target: Target, key: str, listed: Sequence[str]) -> Finding:
    known = LastUse(target.user_name) if key in listed else None
    used, failure = (known, None) if known else _ask(EXISTING, lambda: provider.last_use(key))
    if used is not None and used.user_name == target.user_name:
        note = "It is taken over as an old key at the next rotation."
        return Finding(EXISTING, Outcome.OK, f"{key} belongs to {target.user_name}", note)
    if failure is not None and failure.code not in {"unknown_key", "not_permitted"}:
        return failure
    said = failure.said if failure else ""
    whose = f"is a key of {used.user_name or 'another user'}" if used else "isn't known as one"
    if key != target.named:
        note = "So it isn't taken over, and its value is replaced at the next rotation."
        sentence = f"{key}, which the secret holds, {whose}, not of {target.user_name}"
        return Finding(EXISTING, Outcome.UNTESTED, sentence, note, said)
    if failure is not None and failure.code == "not_permitted":
        note = "AWS doesn't say so to this manager. Keyturn takes over only a key that AWS says is the user's."
        return Finding(EXISTING, Outcome.UNTESTED, f"Whose key {key} is can't be told", note, said)
    note = "Keyturn takes over, and later deletes, only a key of the user. Correct it or leave it empty."
    sentence = f"{key} {whose}, not of {target.user_name}"
    return Finding(EXISTING, Outcome.FAILED, sentence, note, said, "existing_key_not_targets")


def _room(target: Target, listed: Sequence[ListedKey] | None) -> list[Finding]:
    """Two keys leave no room for a third, unless the strategy itself will delete one of them."""
    key_ids = [key.access_key_id for key in listed or ()]
    if len(key_ids) < _KEYS_PER_USER or set(key_ids) <= {*target.keys, target.named, target.held}:
        return []
    sentence = f"{target.user_name} already has two access keys, and IAM allows no third"
    note = (
        f"{' and '.join(key_ids)}. Delete the one that nobody uses, or enter it as Existing access key ID to have it "
        "taken over and retired. Else no rotation can start."
    )
    return [Finding(ROOM, Outcome.FAILED, sentence, note, code="two_keys")]


def _create() -> Finding:
    note = "The next rotation tells. If it is refused, nothing has changed, and the key in use stays."
    return Finding(CREATE, Outcome.UNTESTED, f"{CREATE} can't be tried without making a key", note)


def _deactivatable(provider: Provider, user_name: str) -> Finding:
    gain = "an old key is deactivated and watched before it is deleted, and can be brought back."
    _, failure = _ask(UPDATE, lambda: provider.may_deactivate(user_name))
    if failure is None:
        return Finding(UPDATE, Outcome.OK, f"{UPDATE} is allowed", f"Optional: {gain}")
    if failure.code != "not_permitted":
        return failure
    note = f"Optional. With it {gain} Without it an old key is deleted at once."
    return Finding(UPDATE, Outcome.UNTESTED, f"{UPDATE} isn't allowed", note, failure.said, failure.code)


def _listing(listed: Sequence[ListedKey] | None) -> Finding:
    gain = "Keyturn sees keys made by others, and finds a key whose answer was lost."
    if listed is None:
        return Finding(LIST, Outcome.UNTESTED, f"{LIST} isn't allowed", f"Optional. With it {gain}", "AccessDenied")
    return Finding(LIST, Outcome.OK, f"{LIST} is allowed", f"Optional: {gain}")

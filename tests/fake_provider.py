"""An AWS account in memory, seen through one manager: a Provider for tests of the engine.

It is as strict as AWS (two keys for a user, no deletion under another user's name) and moves by a FakeClock
alone. What goes wrong is scripted: `fail_next`, `lose_next_answer`, `refuse_at`, `deny`, `watch`. Every call
is in `calls`.

    fake = FakeProvider(FakeClock(), users=("billing-api",), replicas_s=(3, 12))
    fake.lose_next_answer(made=True)
    with pytest.raises(AnswerLost):
        fake.create_key("billing-api")
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from rotation.clock import Clock
from rotation.errors import AnswerLost, RotationError
from rotation.provider import Answer, CreatedKey, Identity, KeyPair, LastUse, ListedKey, Role, TemporaryKey
from tests.by_key import ByKey, ByRole

ACCOUNT = "111122223333"
ACTIONS = {
    "identify": "sts:GetCallerIdentity",
    "create_key": "iam:CreateAccessKey",
    "last_use": "iam:GetAccessKeyLastUsed",
    "delete_key": "iam:DeleteAccessKey",
    "deactivate_key": "iam:UpdateAccessKey",
    "activate_key": "iam:UpdateAccessKey",
    "list_keys": "iam:ListAccessKeys",
    "may_delete": "iam:DeleteAccessKey",
    "may_deactivate": "iam:UpdateAccessKey",
    "may_read_last_use": "iam:GetAccessKeyLastUsed",
}
KEYS_PER_USER = 2
PROBES = {"sts": "sts:GetCallerIdentity", "iam": "iam:GetUser", "s3": "s3:ListAllMyBuckets"}
_SAID = {
    "not_permitted": "AccessDenied",
    "no_such_user": "NoSuchEntity",
    "two_keys": "LimitExceeded",
    "throttled": "Throttling",
    "manager_key_unknown": "InvalidClientTokenId",
    "manager_secret_wrong": "SignatureDoesNotMatch",
    "aws_unreachable": "ConnectTimeoutError",
}

T = TypeVar("T")


@dataclass
class FakeKey:
    """An access key as the fake account holds it."""

    pair: KeyPair
    user_name: str
    created_at: datetime
    known_from: datetime
    active: bool = True
    used: list[LastUse] = field(default_factory=list)


@dataclass(frozen=True)
class Call:
    """One call of a provider's method and how it ended: `ok`, or the code of the closed list."""

    method: str
    user_name: str
    access_key_id: str
    outcome: str
    at: datetime


class FakeProvider:
    """Implements rotation.provider.Provider.

    `replicas_s`: a new key is learned by each replica that many seconds after it was made, and the calls of
    `try_key` meet the replicas in turn. `last_use_lag_s`: how long a use takes until `last_use` tells it.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        users: tuple[str, ...] = ("billing-api",),
        path: str = "/",
        manager: str = "keyturn-manager",
        replicas_s: tuple[float, ...] = (0,),
        last_use_lag_s: float = 0,
    ) -> None:
        self.clock = clock
        self.users = dict.fromkeys(users, path)
        self.manager = manager
        self.replicas_s = replicas_s
        self.last_use_lag_s = last_use_lag_s
        self.keys: dict[str, FakeKey] = {}
        self.calls: list[Call] = []
        self.identity_of_new_keys: Identity | None = None
        self.asked_with: list[str] = []
        self.denied_to: set[tuple[str, str]] = set()
        self._denied: set[str] = set()
        self._failures: dict[str, list[tuple[str, dict[str, str]]]] = {}
        self._lost: list[tuple[str, str]] = []
        self._late: list[str] = []
        self._refusals: dict[str, list[str]] = {}
        self._watchers: list[Callable[[str, str], None]] = []
        self._made = 0
        self._met = 0

    # What a test sets up and looks at

    def add_user(self, user_name: str, path: str = "/") -> None:
        """Make an IAM user without keys."""
        self.users[user_name] = path

    def add_key(self, user_name: str, *, known: bool = True) -> KeyPair:
        """Make a key as somebody else would, without a call; `known`: every replica knows it already."""
        key = self._make(user_name)
        if known:
            key.known_from -= timedelta(seconds=max(self.replicas_s))
        return key.pair

    def remove_key(self, access_key_id: str) -> None:
        """Delete a key as somebody else would, without a call."""
        del self.keys[access_key_id]

    def use_key(self, access_key_id: str, service: str = "s3", region: str = "eu-central-1") -> None:
        """Record that a program uses the key now."""
        key = self.keys[access_key_id]
        key.used.append(LastUse(key.user_name, self.clock.now(), service, region))

    def accepts(self, pair: KeyPair) -> bool:
        """Whether every replica takes this pair now: what a consumer meets. No call is recorded."""
        return all(self._refusal(pair, delay) == "" for delay in self.replicas_s)

    def keys_of(self, user_name: str) -> list[str]:
        """The user's access key IDs, oldest first."""
        return [key_id for key_id, key in self.keys.items() if key.user_name == user_name]

    def calls_of(self, method: str) -> list[Call]:
        """The recorded calls of one method."""
        return [call for call in self.calls if call.method == method]

    # What a test makes go wrong

    def deny(self, *methods: str) -> None:
        """Take the permission for these methods' actions away (`list_keys` then answers None)."""
        self._denied |= {ACTIONS[method] for method in methods}

    def allow(self, *methods: str) -> None:
        """Give the permission for these methods back."""
        self._denied -= {ACTIONS[method] for method in methods}

    def fail_next(self, method: str, code: str, *, times: int = 1, **facts: str) -> None:
        """Let the next calls of `method` raise `code` without doing anything."""
        self._failures.setdefault(method, []).extend([(code, facts)] * times)

    def lose_next_answer(self, *, made: bool | str = True, said: str = "ReadTimeoutError") -> None:
        """Let the next `create_key` raise AnswerLost; `made`: True, False or "later" (see `carry_out_late`)."""
        when = made if isinstance(made, str) else {True: "now", False: "never"}[made]
        self._lost.append((when, said))

    def carry_out_late(self) -> None:
        """Make the keys of lost requests that AWS gets round to only now."""
        while self._late:
            self._make(self._late.pop())

    def refuse_at(self, service: str, said: str = "InvalidClientTokenId", *, times: int = 1) -> None:
        """Let `service` refuse the next tries of any key, with `said`."""
        self._refusals.setdefault(service, []).extend([said] * times)

    def watch(self, watcher: Callable[[str, str], None]) -> None:
        """Call `watcher("before" or "after", method)` round each call; what it raises goes through."""
        self._watchers.append(watcher)

    # The protocol

    def identify(self) -> Identity:
        return self._call("identify", self.manager, "", lambda: self._identity(self.manager))

    def create_key(self, user_name: str) -> CreatedKey:
        return self._call("create_key", user_name, "", lambda: self._create(user_name))

    def try_key(self, pair: KeyPair, services: tuple[str, ...]) -> list[Answer]:
        return self._call(
            "try_key", "", pair.access_key_id, lambda: [self._answer(pair, service) for service in services]
        )

    def session_of(self, pair: KeyPair, duration_s: int) -> TemporaryKey:
        return self._call("session_of", "", pair.access_key_id, lambda: self._session(pair, duration_s))

    def last_use(self, access_key_id: str) -> LastUse:
        return self._call("last_use", "", access_key_id, lambda: self._last_use(access_key_id))

    def delete_key(self, user_name: str, access_key_id: str) -> None:
        self._call("delete_key", user_name, access_key_id, lambda: self._delete(user_name, access_key_id))

    def deactivate_key(self, user_name: str, access_key_id: str) -> None:
        deactivate = partial(self._set, user_name, access_key_id, active=False)
        self._call("deactivate_key", user_name, access_key_id, deactivate)

    def activate_key(self, user_name: str, access_key_id: str) -> None:
        activate = partial(self._set, user_name, access_key_id, active=True)
        self._call("activate_key", user_name, access_key_id, activate)

    def may_deactivate(self, user_name: str) -> None:
        self._call("may_deactivate", user_name, "", lambda: self._require(user_name))

    def list_keys(self, user_name: str) -> list[ListedKey] | None:
        try:
            return self._call("list_keys", user_name, "", lambda: self._list(user_name))
        except RotationError as error:
            if error.code == "not_permitted":
                return None
            raise

    def may_delete(self, user_name: str) -> None:
        self._call("may_delete", user_name, "", lambda: self._require(user_name))

    def with_key(self, pair: KeyPair) -> ByKey:
        return ByKey(self, pair)

    def with_role(self, role: Role | None) -> FakeProvider | ByRole:
        return ByRole(self, role) if role else self

    def may_read_last_use(self) -> None:
        self._call("may_read_last_use", self.manager, "", lambda: None)

    # The account

    def _call(self, method: str, user_name: str, access_key_id: str, act: Callable[[], T]) -> T:
        self._tell_watchers("before", method)
        outcome = "crashed"
        try:
            self._fail_if_told(method, user_name)
            result = act()
            outcome = "ok"
        except RotationError as error:
            outcome = error.code
            raise
        finally:
            self.calls.append(Call(method, user_name, access_key_id, outcome, self.clock.now()))
            self._tell_watchers("after", method)
        return result

    def _tell_watchers(self, when: str, method: str) -> None:
        for watcher in self._watchers:
            watcher(when, method)

    def _fail_if_told(self, method: str, user_name: str) -> None:
        if self._failures.get(method):
            code, facts = self._failures[method].pop(0)
            known = {"action": ACTIONS.get(method, method), "user": user_name, "said": _SAID.get(code, code)}
            raise RotationError(code, **{**known, **facts})
        action = ACTIONS.get(method, "")
        if action in self._denied:
            raise RotationError(
                "not_permitted", action=action, user=user_name, arn=self._arn(user_name), said="AccessDenied"
            )

    def _arn(self, user_name: str) -> str:
        return f"arn:aws:iam::{ACCOUNT}:user{self.users.get(user_name, '/')}{user_name}"

    def _identity(self, user_name: str) -> Identity:
        return Identity(ACCOUNT, self._arn(user_name))

    def _require(self, user_name: str) -> None:
        if user_name not in self.users:
            raise RotationError("no_such_user", user=user_name, account=ACCOUNT, said="NoSuchEntity")

    def _create(self, user_name: str) -> CreatedKey:
        self._require(user_name)
        when, said = self._lost.pop(0) if self._lost else ("now", "")
        if when == "never":
            raise AnswerLost(said)
        if when == "later":
            self._late.append(user_name)
            raise AnswerLost(said)
        if len(self.keys_of(user_name)) >= KEYS_PER_USER:
            raise RotationError("two_keys", user=user_name, said="LimitExceeded")
        key = self._make(user_name)
        if said:
            raise AnswerLost(said)
        return CreatedKey(key.pair, key.created_at, f"request-{self._made}")

    def _make(self, user_name: str) -> FakeKey:
        self._made += 1
        pair = KeyPair(f"AKIAEXAMPLE{self._made:09d}", f"example-secret-access-key-{self._made:014d}")
        now = self.clock.now()
        key = FakeKey(pair, user_name, now, now)
        self.keys[pair.access_key_id] = key
        return key

    def _answer(self, pair: KeyPair, service: str) -> Answer:
        action = PROBES[service]
        told = self._refusals.get(service)
        delay = self.replicas_s[self._met % len(self.replicas_s)]
        self._met += 1
        refusal = told.pop(0) if told else self._refusal(pair, delay)
        if refusal:
            return Answer(service, action, accepted=False, said=refusal)
        self.use_key(pair.access_key_id, service)
        if service != "sts":
            return Answer(service, action, accepted=True, said="AccessDenied")
        identity = self.identity_of_new_keys or self._identity(self.keys[pair.access_key_id].user_name)
        return Answer(service, action, accepted=True, said=identity.arn, identity=identity)

    def _refusal(self, pair: KeyPair, delay: float) -> str:
        key = self.keys.get(pair.access_key_id)
        known = key and self.clock.now() >= key.known_from + timedelta(seconds=delay)
        if key is None or not known or not key.active:
            return "InvalidClientTokenId"
        return "" if key.pair == pair else "SignatureDoesNotMatch"

    def _session(self, pair: KeyPair, duration_s: int) -> TemporaryKey:
        if refusal := self._refusal(pair, max(self.replicas_s)):
            raise RotationError("published_key_refused", key=pair.access_key_id, said=refusal)
        self._made += 1
        secret, token = f"example-session-secret-{self._made:014d}", f"example-session-token-{self._made:014d}"
        temporary = KeyPair(f"ASIAEXAMPLE{self._made:09d}", secret, token)
        return TemporaryKey(temporary, self.clock.now() + timedelta(seconds=duration_s))

    def _last_use(self, access_key_id: str) -> LastUse:
        key = self.keys.get(access_key_id)
        if key is None:
            raise RotationError("unknown_key", key=access_key_id, said="NoSuchEntity")
        told_until = self.clock.now() - timedelta(seconds=self.last_use_lag_s)
        told = [use for use in key.used if use.used_at and use.used_at <= told_until]
        return told[-1] if told else LastUse(key.user_name)

    def _delete(self, user_name: str, access_key_id: str) -> None:
        self._require(user_name)
        key = self.keys.get(access_key_id)
        if key is not None and key.user_name == user_name:
            del self.keys[access_key_id]

    def _set(self, user_name: str, access_key_id: str, *, active: bool) -> None:
        self._require(user_name)
        key = self.keys.get(access_key_id)
        if key is None or key.user_name != user_name:
            raise RotationError("unknown_key", user=user_name, key=access_key_id, said="NoSuchEntity")
        key.active = active

    def _list(self, user_name: str) -> list[ListedKey]:
        self._require(user_name)
        return [
            ListedKey(key.pair.access_key_id, key.active, key.created_at)
            for key in self.keys.values()
            if key.user_name == user_name
        ]

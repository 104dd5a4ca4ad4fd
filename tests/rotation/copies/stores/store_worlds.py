"""A store of each kind, with a person who writes there by hand: what the contract tests run on.

Another kind is one more class, and its name in `WORLDS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

from practice.stores.github import GitHub, Secret, Token
from practice.stores.gitlab import GitLab, Variable
from practice.stores.gitlab import Token as GitLabToken
from practice.stores.http import Receiver
from practice.stores.kubernetes import Kubernetes
from practice.stores.server import Fault, StandIn, Told
from rotation.asking import Way
from rotation.copies.kinds import KINDS
from rotation.copies.store import Kind, Means, Store

Who = Literal["keyturn", "weak", "stranger"]
Where = Literal["here", "missing"]
ANYWHERE = Way(allows_private=True)
TOKENS: dict[Who, str] = {"keyturn": "token-of-keyturn", "weak": "token-of-a-reader", "stranger": "token-of-nobody"}


class StoreWorld:
    """One store. Over HTTP, the rest of what a test needs is in `StandInWorld`."""

    kind: Kind
    own: ClassVar = {"BILLING_ID": "value-of-billing-id/1", "BILLING_KEY": 'value of "billing"\nkey/1'}
    tells_made: ClassVar = True
    check_asks: ClassVar = True
    """Whether its check sends the credential."""
    has_places: ClassVar = True
    """Whether it can be given a place that isn't there."""
    reads_answers: ClassVar = True
    """Whether it means anything what a good answer holds."""
    tells_words: ClassVar = True
    """Whether it is told what the store says, or its code alone."""

    def credential(self, who: Who) -> str:
        """The secret part of what it is reached with."""
        raise NotImplementedError

    def store(self, who: Who = "keyturn", where: Where = "here", way: Way = ANYWHERE) -> Store:
        """As a person with this credential: `weak` may read and not write."""
        raise NotImplementedError

    def there(self) -> dict[str, str]:
        """All names and values of the place, read past the API."""
        raise NotImplementedError

    def plant(self, name: str, value: str) -> None:
        """As a person writes it there by hand."""
        raise NotImplementedError

    def says(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        """The next answer is this one, and nothing is done."""
        raise NotImplementedError

    def drops(self) -> None:
        """The next request gets no answer."""
        raise NotImplementedError

    def cuts(self) -> None:
        """The next answer breaks off in its middle."""
        raise NotImplementedError

    def fails_at_second_name(self) -> None:
        """The first name is written well, and the second one isn't."""
        raise NotImplementedError


class StandInWorld(StoreWorld):
    server: StandIn
    kind_id: ClassVar[str]
    writes: ClassVar[str]
    """The method by which a new name is written."""

    def __init__(self, server: StandIn) -> None:
        self.server = server
        self.kind = KINDS[self.kind_id]

    @classmethod
    def stand_in(cls) -> StandIn:
        raise NotImplementedError

    def settings(self, where: Where) -> dict[str, str]:
        """What is filled in, beside what the form holds already."""
        raise NotImplementedError

    def credential(self, who: Who) -> str:
        return TOKENS[who]

    def store(self, who: Who = "keyturn", where: Where = "here", way: Way = ANYWHERE, **settings: str) -> Store:
        filled = {setting.name: setting.default for setting in self.kind.settings} | self.settings(where) | settings
        for setting in self.kind.settings:
            known = not setting.choices or filled[setting.name] in dict(setting.choices)
            assert known, setting.name
            assert setting.problem(filled[setting.name]) is None, setting.name
        assert set(filled) == {setting.name for setting in self.kind.settings}
        assert self.kind.problem(filled) is None
        assert self.kind.names_problem(filled, self.own) is None
        assert self.kind.credential_problem(self.credential(who)) is None
        return self.kind.make(Means(filled, self.credential(who), way))

    def says(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        self.server.spoil(Fault("instead", lambda _asked: Told(status, body, headers or {})))

    def drops(self) -> None:
        self.server.spoil(Fault("drop"))

    def cuts(self) -> None:
        self.server.spoil(Fault("cut"))

    def fails_at_second_name(self) -> None:
        self.server.spoil(Fault("instead", after=1, method=self.writes))


class GitHubWorld(StandInWorld):
    kind_id, writes = "github", "PUT"
    scope, permission, place = "repository", "secrets", "repos/acme/shop"
    visibility: ClassVar = ""
    server: GitHub

    @classmethod
    def stand_in(cls) -> GitHub:
        reads = frozenset({f"{cls.permission}:read"})
        writes = reads | {f"{cls.permission}:write"}
        return GitHub({TOKENS["keyturn"]: Token(writes), TOKENS["weak"]: Token(reads)})

    def settings(self, where: Where) -> dict[str, str]:
        owner = "acme" if where == "here" else "nobody"
        names = {"owner": owner, "repository": "shop", "environment": "production/eu"}
        return {"base_url": self.server.url, "scope": self.scope, **names}

    def there(self) -> dict[str, str]:
        return {name: secret.value for name, secret in self.server.places[self.place].secrets.items()}

    def plant(self, name: str, value: str) -> None:
        self.server.places[self.place].secrets[name] = Secret(value, self.visibility)


class GitHubEnvironmentWorld(GitHubWorld):
    scope, permission, place = "environment", "environments", "repos/acme/shop/environments/production/eu"


class GitHubOrganizationWorld(GitHubWorld):
    scope, permission, place = "organization", "organization_secrets", "orgs/acme"
    visibility = "all"


class GitLabWorld(StandInWorld):
    kind_id, writes = "gitlab", "POST"
    place = ("projects", "acme/shop")
    server: GitLab

    @classmethod
    def stand_in(cls) -> GitLab:
        return GitLab({TOKENS["keyturn"]: GitLabToken(), TOKENS["weak"]: GitLabToken(("read_api",))})

    def settings(self, where: Where) -> dict[str, str]:
        kind, path = self.place
        path = path if where == "here" else "nobody/shop"
        # One of the values can't be masked.
        return {"base_url": self.server.url, "owner": kind.removesuffix("s"), "path": path, "masked": ""}

    @property
    def variables(self) -> list[Variable]:
        return self.server.places[self.place].variables

    def there(self) -> dict[str, str]:
        return {variable.key: variable.value for variable in self.variables}

    def plant(self, name: str, value: str) -> None:
        self.variables.append(Variable(name, value))


class GitLabGroupWorld(GitLabWorld):
    place = ("groups", "acme")


class KubernetesWorld(StandInWorld):
    kind_id, writes = "kubernetes", "PATCH"
    server: Kubernetes

    @classmethod
    def stand_in(cls) -> Kubernetes:
        verbs = ("get secrets", "patch secrets", "create secrets", "delete secrets", "patch deployments")
        return Kubernetes({TOKENS["keyturn"]: verbs, TOKENS["weak"]: ("get secrets",)})

    def settings(self, where: Where) -> dict[str, str]:
        namespace = "shop" if where == "here" else "nowhere"
        return {"server": self.server.url, "namespace": namespace, "secret": "billing", "restart": "api, worker"}

    def there(self) -> dict[str, str]:
        return self.server.values("shop", "billing")

    def plant(self, name: str, value: str) -> None:
        self.server.put("shop", "billing", {name: value})


class HttpWorld(StandInWorld):
    kind_id, writes = "http", "POST"
    tells_made = check_asks = reads_answers = False
    server: Receiver

    @classmethod
    def stand_in(cls) -> Receiver:
        return Receiver({TOKENS["keyturn"]: True, TOKENS["weak"]: False})

    def credential(self, who: Who) -> str:
        return f"Authorization: Bearer {TOKENS[who]}"

    def settings(self, where: Where) -> dict[str, str]:
        return {"url": f"{self.server.url}/{'keys' if where == 'here' else 'nowhere'}"}

    def there(self) -> dict[str, str]:
        return self.server.values

    def plant(self, name: str, value: str) -> None:
        self.server.values[name] = value


STAND_INS: tuple[type[StandInWorld], ...] = (
    GitHubWorld,
    GitHubEnvironmentWorld,
    GitHubOrganizationWorld,
    GitLabWorld,
    GitLabGroupWorld,
    KubernetesWorld,
    HttpWorld,
)


@contextmanager
def stood_in(world: type[StandInWorld]) -> Iterator[Any]:
    with world.stand_in() as server:
        yield world(server)


WORLDS = {world.__name__: (lambda world=world: stood_in(world)) for world in STAND_INS}
"""A context manager for each, which gives a StoreWorld."""

"""AWS's own stores at practice AWS, for the contract of all stores. What other tests left there is gone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

from practice.seed import PracticeAws
from rotation.aws import parameter_store, secrets_manager
from rotation.copies.store import Kind, Means, Store
from rotation.provider import KeyPair
from tests.rotation.copies.stores.aws_places import Place
from tests.rotation.copies.stores.store_worlds import ANYWHERE, StoreWorld, Where, Who

# By AWS's SDK, by itself.
_ASKED_AGAIN = {429, 500, 502, 503, 504}


class AwsWorld(StoreWorld):
    filled: ClassVar[dict[str, str]] = {}
    has_places = tells_words = False

    def __init__(self, aws: PracticeAws) -> None:
        self.place, self.reader = Place(aws, self.kind), Place(aws, self.kind)
        self.reader.permit("GetSecretValue" if self.place.service == "secretsmanager" else "GetParameter")
        self.owner = self.place.owner
        self.clear()

    def settings(self, _where: Where) -> dict[str, str]:
        return {setting.name: setting.default for setting in self.kind.settings} | self.filled

    def store(self, who: Who = "keyturn", where: Where = "here", way: Any = ANYWHERE) -> Store:
        settings = self.settings(where)
        assert self.kind.problem(settings) is None
        assert not any(setting.problem(settings[setting.name]) for setting in self.kind.settings)
        access = (self.reader if who == "weak" else self.place).access
        if who == "stranger":
            access = replace(access, key=KeyPair(access.key.access_key_id, "x" * 40))
        return self.kind.make(Means(settings, access=access))

    def fails(self, kind: str, **fault: Any) -> None:
        """Each call of the store's until the test ends: the SDK tries once more."""
        key_id = self.place.access.key.access_key_id
        self.place.aws.fail(kind, f"{self.place.service}:*", key=key_id, **{"times": 0, **fault})

    def credential(self, who: Who) -> str:
        return (self.reader if who == "weak" else self.place).access.key.secret_access_key

    def says(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        told = {"status": status, "body": sent.decode("latin-1"), "headers": dict(headers or {})}
        self.fails("say", **told, times=2 if status in _ASKED_AGAIN else 1)

    def drops(self) -> None:
        self.fails("drop")

    def cuts(self) -> None:
        self.fails("cut", times=1)

    def fails_at_second_name(self) -> None:
        self.fails("internal_failure", user=list(self.own)[1])

    def clear(self) -> None:
        for name in self.names():
            self.remove(name)

    def names(self) -> list[str]:
        raise NotImplementedError

    def read(self, name: str) -> str:
        raise NotImplementedError

    def remove(self, name: str) -> None:
        raise NotImplementedError

    def there(self) -> dict[str, str]:
        return {name: self.read(name) for name in self.names()}


class EachSecretWorld(AwsWorld):
    kind: Kind = secrets_manager.KIND
    filled: ClassVar = {"form": "each"}

    def clear(self) -> None:
        for name in self.names(IncludePlannedDeletion=True):
            self.remove(name)

    def names(self, **which: bool) -> list[str]:
        pages = self.owner.get_paginator("list_secrets").paginate(**which)
        return [secret["Name"] for page in pages for secret in page["SecretList"]]

    def read(self, name: str) -> str:
        return self.owner.get_secret_value(SecretId=name)["SecretString"]

    def remove(self, name: str) -> None:
        self.owner.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)

    def plant(self, name: str, value: str) -> None:
        self.owner.create_secret(Name=name, SecretString=value)


class OneSecretWorld(AwsWorld):
    kind: Kind = secrets_manager.KIND
    name = "billing"
    missing = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:nowhere-a1b2c3"
    has_places = True

    def settings(self, where: Where) -> dict[str, str]:
        return super().settings(where) | {"form": "one", "secret_id": self.name if where == "here" else self.missing}

    def clear(self) -> None:
        with suppress(self.owner.exceptions.ResourceNotFoundException):
            self.owner.delete_secret(SecretId=self.name, ForceDeleteWithoutRecovery=True)

    def there(self) -> dict[str, str]:
        try:
            return json.loads(self.owner.get_secret_value(SecretId=self.name)["SecretString"])
        except self.owner.exceptions.ResourceNotFoundException:
            return {}

    def plant(self, name: str, value: str) -> None:
        held = json.dumps(self.there() | {name: value})
        try:
            self.owner.put_secret_value(SecretId=self.name, SecretString=held)
        except self.owner.exceptions.ResourceNotFoundException:
            self.owner.create_secret(Name=self.name, SecretString=held)


class ParameterWorld(AwsWorld):
    kind: Kind = parameter_store.KIND

    def names(self) -> list[str]:
        pages = self.owner.get_paginator("describe_parameters").paginate()
        return [parameter["Name"] for page in pages for parameter in page["Parameters"]]

    def read(self, name: str) -> str:
        return self.owner.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]

    def remove(self, name: str) -> None:
        self.owner.delete_parameter(Name=name)

    def plant(self, name: str, value: str) -> None:
        self.owner.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)


AWS_WORLDS = {world.__name__: world for world in (EachSecretWorld, OneSecretWorld, ParameterWorld)}

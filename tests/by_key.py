"""The fake AWS, asked with one certain key, as the real one always is, or by a role."""

from __future__ import annotations

from typing import Any

from rotation.errors import RotationError
from rotation.provider import Identity, KeyPair, Role


class ByRole:
    """A Provider over a FakeProvider that answers as the role which the manager assumes."""

    def __init__(self, fake: Any, role: Role) -> None:
        self._fake, self._role = fake, role

    def identify(self) -> Identity:
        account, name = self._role.arn.split(":")[4], self._role.arn.rpartition("/")[2]
        arn = f"arn:aws:sts::{account}:assumed-role/{name}/{self._role.session_name}"
        return Identity(account, arn, self._fake.identify().arn)

    def with_role(self, role: Role | None) -> Any:
        return self._fake.with_role(role)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fake, name)


class ByKey:
    """A Provider over a FakeProvider that refuses what is asked with a key that it doesn't take.

    `fake.asked_with` collects the keys, `fake.denied_to` holds (method, access key ID) that aren't permitted, `assume`
    among them.
    """

    def __init__(self, fake: Any, pair: KeyPair, role: Role | None = None) -> None:
        self._fake, self._pair, self._role = fake, pair, role

    def with_key(self, pair: KeyPair) -> ByKey:
        return ByKey(self._fake, pair, self._role)

    def with_role(self, role: Role | None) -> ByKey:
        return ByKey(self._fake, self._pair, role)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._fake.with_role(self._role), name)

        def call(*arguments: Any) -> Any:
            self._fake.asked_with.append(self._pair.access_key_id)
            if not self._fake.accepts(self._pair):
                raise RotationError("manager_key_unknown", key=self._pair.access_key_id, said="InvalidClientTokenId")
            if self._role and ("assume", self._pair.access_key_id) in self._fake.denied_to:
                raise RotationError("role_not_assumable", role=self._role.arn, said="AccessDenied")
            if (name, self._pair.access_key_id) in self._fake.denied_to:
                raise RotationError("not_permitted", said="AccessDenied")
            return found(*arguments)

        return found if name == "try_key" else call

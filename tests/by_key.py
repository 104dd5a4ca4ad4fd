"""The fake AWS, asked with one certain key, as the real one always is."""

from __future__ import annotations

from typing import Any

from rotation.errors import RotationError
from rotation.provider import KeyPair


class ByKey:
    """A Provider over a FakeProvider that refuses what is asked with a key that it doesn't take.

    `fake.asked_with` collects the keys, `fake.denied_to` holds (method, access key ID) that aren't permitted.
    """

    def __init__(self, fake: Any, pair: KeyPair) -> None:
        self._fake, self._pair = fake, pair

    def with_key(self, pair: KeyPair) -> ByKey:
        return ByKey(self._fake, pair)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._fake, name)

        def call(*arguments: Any) -> Any:
            self._fake.asked_with.append(self._pair.access_key_id)
            if not self._fake.accepts(self._pair):
                raise RotationError("manager_key_unknown", key=self._pair.access_key_id, said="InvalidClientTokenId")
            if (name, self._pair.access_key_id) in self._fake.denied_to:
                raise RotationError("not_permitted", said="AccessDenied")
            return found(*arguments)

        return found if name == "try_key" else call

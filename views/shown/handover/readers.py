"""Who holds which key of a strategy: the handover, as the strategy's page tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models import AccessKey, KeyState, RotationStrategy
from models.copies.copy import copies_of
from models.programs.handed import readers_of
from views.shown.handover.lines import Lines, Place, for_any_sdk, places

LENGTHS_S = (900, 3_600, 14_400, 43_200)
"""For how long programs may be handed credentials, to choose from."""


@dataclass(frozen=True)
class Reader:
    """One program and a key that it was handed."""

    name: str
    key_id: str
    at: datetime
    until: datetime
    as_session: bool
    is_told: bool
    """Whether it was told until when the key holds; not where it reads secrets."""
    on_old: bool
    """Whether the key isn't the current one any more, and the program was told that it holds, or has read no other."""


@dataclass(frozen=True)
class Board:
    """All of a strategy's readers, with what one has to know first as a sentence."""

    readers: list[Reader]
    any_sdk: Lines
    """What a new program needs, and by place."""
    places: list[Place]

    @property
    def on_old(self) -> list[Reader]:
        """Those who still may use an old key."""
        return [reader for reader in self.readers if reader.on_old]


def board(session: Session, strategy: RotationStrategy, base_url: str, now: datetime) -> Board:
    """Who was handed which key last, and who still may use an earlier one."""
    rows = readers_of(session, strategy.id, now)
    return Board(
        [_reader(row.ServiceToken.name, row.AccessKey, row.HandedKey, now) for row in rows],
        for_any_sdk(base_url, strategy.id), places(base_url, strategy.id, strategy.user_name),
    )  # fmt: skip


@dataclass(frozen=True)
class Holders:
    """Who has an old key still, and fails by its end."""

    readers: list[Reader]
    """Programs that were told that it holds now, or have read no other from the secrets."""
    behind: list[str]
    """The destinations of copies that don't have its successor."""

    def __bool__(self) -> bool:
        return bool(self.readers or self.behind)

    @property
    def told(self) -> list[Reader]:
        """Those who were told that it holds: no rule ends it before."""
        return [reader for reader in self.readers if reader.is_told]

    @property
    def untold(self) -> list[Reader]:
        """Those who read it from the secrets: nothing keeps it for them."""
        return [reader for reader in self.readers if not reader.is_told]


def holders(session: Session, strategy: RotationStrategy, old: AccessKey | None, now: datetime) -> Holders:
    """Who has this old key still; nobody has one that is inactive."""
    if old is None or old.state != KeyState.RETIRING.value:
        return Holders([], [])
    behind = [copy.destination.name for copy in copies_of(session, strategy) if copy.is_behind]
    return Holders(_still_hold(session, old, now), behind)


def _still_hold(session: Session, old: AccessKey, now: datetime) -> list[Reader]:
    rows = readers_of(session, old.strategy_id, now)
    readers = [
        _reader(row.ServiceToken.name, row.AccessKey, row.HandedKey, now) for row in rows if row.AccessKey.id == old.id
    ]
    return [reader for reader in readers if reader.on_old]


def _reader(name: str, key: AccessKey, handed: object, now: datetime) -> Reader:
    at, until, as_session = handed.at, handed.until, handed.as_session  # type: ignore[attr-defined]
    is_told = until > at
    # What a program read last from the secrets it uses until it reads again, whenever that is.
    on_old = key.state == KeyState.RETIRING.value and (until > now or not is_told)
    return Reader(name, key.access_key_id or "", at, until, as_session, is_told, on_old)

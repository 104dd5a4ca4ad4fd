"""Envelope encryption: a data key per project seals its secrets, the master key seals the data keys.

AES-256-GCM throughout. Every ciphertext is bound to the table, row and column that it was sealed for (as associated
data), so that one moved to another place doesn't open there.
Format: version byte, 12 bytes of nonce, ciphertext and tag.
"""

from __future__ import annotations

import base64
import hmac
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
_NONCE_BYTES = 12
_KEY_BYTES = 32
_TAG_BYTES = 16
OVERHEAD_BYTES = len(_VERSION) + _NONCE_BYTES + _TAG_BYTES
"""How much longer a ciphertext is than what it holds."""


class CannotOpenError(Exception):
    """The ciphertext doesn't open here: another key, another place, or damage. Carries no content."""


class MasterKeyError(Exception):
    """The master key can't be read or isn't one; the message says what to do."""


@dataclass(frozen=True)
class Place:
    """Where a ciphertext lives. `row` is the row's id, chosen before the row is written."""

    table: str
    row: str
    column: str

    @property
    def associated_data(self) -> bytes:
        """The place as bytes, unambiguous for any ids."""
        return f"{self.table}\x00{self.row}\x00{self.column}".encode()


@dataclass(frozen=True)
class SealingKey:
    """A 256-bit key that seals and opens values at their place."""

    key: bytes = field(repr=False)

    def seal(self, plaintext: bytes, place: Place) -> bytes:
        """Encrypt `plaintext` for `place`. Never empty, even for an empty plaintext."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + AESGCM(self.key).encrypt(nonce, plaintext, place.associated_data)

    def open(self, ciphertext: bytes, place: Place) -> bytes:
        """Decrypt what `seal` made for the same place. Raises CannotOpenError for anything else."""
        if ciphertext[:1] != _VERSION:
            raise CannotOpenError(f"{place.table}.{place.column}: unknown format")
        nonce, sealed = ciphertext[1 : 1 + _NONCE_BYTES], ciphertext[1 + _NONCE_BYTES :]
        try:
            return AESGCM(self.key).decrypt(nonce, sealed, place.associated_data)
        except (InvalidTag, ValueError):
            raise CannotOpenError(f"{place.table}.{place.column} doesn't open with this key") from None


@dataclass(frozen=True)
class Keyring:
    """Holds the master key and opens the projects' data keys with it."""

    master: SealingKey

    @classmethod
    def from_text(cls, text: str) -> Keyring:
        """A keyring from 32 bytes in base64. Raises MasterKeyError."""
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except ValueError:
            key = b""
        if len(key) != _KEY_BYTES:
            raise MasterKeyError("The master key must be 32 bytes in base64, as `openssl rand -base64 32` prints.")
        return cls(SealingKey(key))

    @classmethod
    def from_file(cls, path: Path) -> Keyring:
        """A keyring from the file at `path`, which is made (mode 0600) if there is none. Raises MasterKeyError."""
        if not path.exists():
            _make(path)
        return cls.from_text(_read_private(path))

    @classmethod
    def load(cls, text: str, path: Path) -> Keyring:
        """A keyring from `text` if there is any, else from the file at `path`. Raises MasterKeyError."""
        return cls.from_text(text) if text else cls.from_file(path)

    def new_data_key(self, project_id: str) -> bytes:
        """A fresh data key for the project, sealed by the master key: what the projects table keeps."""
        return self.master.seal(os.urandom(_KEY_BYTES), _data_key_place(project_id))

    def data_key(self, project_id: str, sealed: bytes) -> SealingKey:
        """Open the project's data key. Raises CannotOpenError when the master key is another's."""
        return SealingKey(self.master.open(sealed, _data_key_place(project_id)))

    def derived(self, purpose: str) -> bytes:
        """32 bytes for `purpose` alone (signing cookies, say): they say nothing about the master key."""
        return hmac.digest(self.master.key, purpose.encode(), "sha256")


def _data_key_place(project_id: str) -> Place:
    return Place("projects", project_id, "data_key")


def _make(path: Path) -> None:
    """Write a new master key, whole or not at all; one that another process makes at this moment is left alone."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.") as file:
            file.write(base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(file.name, path)
    except OSError as error:
        raise MasterKeyError(f"The master key can't be made at {path}: {error.strerror}.") from error


def _read_private(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise MasterKeyError(f"The master key can't be read from {path}: {error.strerror}.") from error
    if mode & 0o077:
        raise MasterKeyError(f"{path} can be read by others: chmod 600 {path}")
    return text

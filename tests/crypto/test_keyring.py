"""The master key: made once, kept private, refused when it isn't one."""

from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from crypto import CannotOpenError, Keyring, MasterKeyError, SealingKey

TEXT = base64.b64encode(b"m" * 32).decode()


def test_it_is_made_once_and_private(tmp_path):
    path = tmp_path / "master.key"
    made = Keyring.from_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(base64.b64decode(path.read_text())) == 32
    assert Keyring.from_file(path) == made
    assert list(tmp_path.iterdir()) == [path]


def test_two_installations_have_two_keys(tmp_path):
    assert Keyring.from_file(tmp_path / "one") != Keyring.from_file(tmp_path / "two")


def test_processes_that_begin_together_have_one_key(tmp_path):
    for number in range(50):
        barrier = Barrier(4)

        def begin(path, barrier=barrier):
            barrier.wait()
            return Keyring.from_file(path)

        with ThreadPoolExecutor(4) as pool:
            keyrings = list(pool.map(begin, [tmp_path / f"{number}.key"] * 4))
        assert keyrings == [keyrings[0]] * 4


def test_a_key_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "master.key"
    Keyring.from_file(path)
    path.chmod(0o640)
    with pytest.raises(MasterKeyError, match=f"chmod 600 {path}"):
        Keyring.from_file(path)


def test_a_place_where_no_key_can_be_is_told(tmp_path):
    with pytest.raises(MasterKeyError, match="can't be made at"):
        Keyring.from_file(tmp_path / "missing" / "master.key")
    with pytest.raises(MasterKeyError, match="can't be read from"):
        Keyring.from_file(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["", "short", base64.b64encode(b"m" * 31).decode(), base64.b64encode(b"m" * 33).decode(), "\xfc" * 43, "-" * 44],
    ids=["empty", "short", "31 bytes", "33 bytes", "no ASCII", "no base64"],
)
def test_what_is_no_key_is_refused(text):
    with pytest.raises(MasterKeyError, match="32 bytes in base64") as told:
        Keyring.from_text(text)
    assert not text or text not in str(told.value)


def test_the_text_counts_before_the_file(tmp_path):
    path = tmp_path / "master.key"
    assert Keyring.load(f" {TEXT}\n", path) == Keyring.from_text(TEXT)
    assert not path.exists()
    assert Keyring.load("", path) == Keyring.from_file(path)


def test_a_data_key_opens_for_its_project_only():
    keyring = Keyring.from_text(TEXT)
    sealed = keyring.new_data_key("one")
    assert keyring.data_key("one", sealed) == keyring.data_key("one", sealed)
    assert keyring.data_key("two", keyring.new_data_key("two")) != keyring.data_key("one", sealed)
    with pytest.raises(CannotOpenError):
        keyring.data_key("two", sealed)
    with pytest.raises(CannotOpenError):
        Keyring(SealingKey(b"n" * 32)).data_key("one", sealed)


def test_a_derived_key_says_nothing_about_another():
    keyring = Keyring.from_text(TEXT)
    derived = {keyring.derived("cookies"), keyring.derived("links"), keyring.master.key}
    assert len(derived) == 3
    assert keyring.derived("cookies") == Keyring.from_text(TEXT).derived("cookies")
    assert TEXT not in repr(keyring)
    assert repr(keyring.master.key) not in repr(keyring)

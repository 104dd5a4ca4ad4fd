"""What is sealed opens at its place with its key, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crypto import OVERHEAD_BYTES, CannotOpenError, Place, SealingKey

KEY = SealingKey(b"k" * 32)
HERE = Place("secret_versions", "0123456789abcdef", "value")

names = st.from_regex(r"[a-z_]{1,20}", fullmatch=True)
places = st.builds(Place, names, st.text(max_size=40), names)


@given(st.binary(max_size=300), places)
def test_what_is_sealed_opens_byte_for_byte(plaintext, place):
    sealed = KEY.seal(plaintext, place)
    assert KEY.open(sealed, place) == plaintext
    assert len(sealed) == len(plaintext) + OVERHEAD_BYTES


def test_nothing_sealed_is_not_nothing():
    assert len(KEY.seal(b"", HERE)) == OVERHEAD_BYTES > 0


def test_the_same_value_twice_is_not_the_same_ciphertext():
    assert KEY.seal(b"value", HERE) != KEY.seal(b"value", HERE)


@given(st.binary(min_size=8, max_size=300))
def test_the_ciphertext_tells_nothing_of_the_value(plaintext):
    assert plaintext not in KEY.seal(plaintext, HERE)


@given(places, places)
def test_it_does_not_open_at_another_place(one, other):
    assume(one != other)
    with pytest.raises(CannotOpenError):
        KEY.open(KEY.seal(b"value", one), other)


@given(st.binary(min_size=32, max_size=32))
def test_it_does_not_open_with_another_key(key):
    assume(key != KEY.key)
    with pytest.raises(CannotOpenError):
        SealingKey(key).open(KEY.seal(b"value", HERE), HERE)


@given(st.data())
def test_a_flipped_bit_is_noticed(data):
    sealed = bytearray(KEY.seal(b"value", HERE))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(CannotOpenError):
        KEY.open(bytes(sealed), HERE)


def test_what_is_cut_off_does_not_open():
    sealed = KEY.seal(b"value", HERE)
    for length in range(len(sealed)):
        with pytest.raises(CannotOpenError):
            KEY.open(sealed[:length], HERE)


def test_a_failure_tells_the_place_and_no_content():
    with pytest.raises(CannotOpenError) as told:
        KEY.open(KEY.seal(b"very secret", Place("connections", "1", "secret_access_key")), HERE)
    assert str(told.value) == "secret_versions.value doesn't open with this key"
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__


def test_no_key_is_shown():
    assert "kkk" not in repr(KEY)

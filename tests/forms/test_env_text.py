"""Pasted `.env` text: what each line means, and what is wrong with it."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.env_text import read_env_text, refuse_names


def read(text):
    return [(line.number, line.name, line.value, bool(line.problem)) for line in read_env_text(text)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=plain", b"plain"),
        ("export A=plain", b"plain"),
        ("A=", b""),
        ('A=""', b""),
        ("A=with blanks  # a comment", b"with blanks"),
        ("A='  kept # too '", b"  kept # too "),
        ('A="tab\\tand\\nbreak"', b"tab\tand\nbreak"),
        ("A='two\r\nlines'", b"two\nlines"),
        ("A=Grüße", "Grüße".encode()),
        ("A=a=b==", b"a=b=="),
        ("\ufeffA=1", b"1"),
    ],
)
def test_values(text, value):
    assert read(text) == [(1, "A", value, False)]


def test_nothing_is_filled_in(monkeypatch):
    monkeypatch.setitem(os.environ, "HOME_SECRET", "hush")
    assert read("A=${HOME_SECRET}\nB=$HOME_SECRET") == [
        (1, "A", b"${HOME_SECRET}", False), (2, "B", b"$HOME_SECRET", False),
    ]  # fmt: skip


def test_counts_lines_as_people_do():
    text = "\r\n# a comment\r\n\r\nA=1\r\nB='x\r\ny'\r\n\r\nC=3"
    assert [(number, name) for number, name, _, _ in read(text)] == [(4, "A"), (5, "B"), (8, "C")]


def test_says_what_is_wrong_with_each_line():
    lines = read_env_text('A=1\nB\nC="open\n=x\nA=2\n1D=x\nE=' + "x" * 65537)
    assert [(line.number, line.problem[:24]) for line in lines] == [
        (1, ""), (2, "There is no = after the "), (3, "This isn't NAME=value. A"), (4, "This isn't NAME=value. A"),
        (5, "A is on line 1 already."), (6, "Use letters, digits and "), (7, "A value has at most 64 K"),
    ]  # fmt: skip


def test_what_cant_be_a_name_isnt_shown():
    (line,) = read_env_text("MIIEvQIBADAN+g==\n")
    assert line.problem
    assert line.name == ""


def test_says_where_the_other_is():
    lines = refuse_names(read_env_text("A=1\nB=2"), ["B"], "production:/api")
    assert [line.problem for line in lines] == [
        "",
        "production:/api has a B already. Edit it there, or take this line out.",
    ]


def test_no_value_in_its_repr():
    assert "hush" not in repr(read_env_text("A=hush"))


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    for line in read_env_text(text):
        assert line.number >= 1
        assert line.problem or line.name

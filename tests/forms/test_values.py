"""A value as a browser sends it, and what of it isn't seen."""

from __future__ import annotations

import pytest

from forms.values import CRLF, LF, browser_text, described, value_problem


@pytest.mark.parametrize(
    ("sent", "as_lf", "as_crlf"),
    [
        ("a\r\nb", "a\nb", "a\r\nb"),
        ("a\nb", "a\nb", "a\r\nb"),
        ("\r\n", "\n", "\r\n"),
        (" a ", " a ", " a "),
        ("", "", ""),
    ],
)
def test_line_breaks_are_what_was_chosen(sent, as_lf, as_crlf):
    assert browser_text(sent, LF) == as_lf
    assert browser_text(sent, CRLF) == as_crlf


def test_64_kib_and_no_more():
    assert value_problem(b"x" * 65536) is None
    assert value_problem(b"x" * 65537) == "A value has at most 64 KiB, this one 65 KiB."


@pytest.mark.parametrize(
    ("value", "facts"),
    [
        (b"x", ["1 byte"]),
        (b"", ["0 bytes"]),
        ("é".encode(), ["2 bytes"]),
        (b" x\n", ["3 bytes", "line breaks are LF", "begins with a blank", "ends with a line break"]),
        (b"a\r\nb", ["4 bytes", "line breaks are CRLF"]),
        (b"a\r\nb\nc", ["6 bytes", "line breaks are LF and CRLF"]),
        (b"a\x00b", ["3 bytes", "holds characters that can't be shown"]),
        (b"\xff", ["1 byte", "not text: bytes that aren't UTF-8 show as \ufffd"]),
    ],
)
def test_says_what_isnt_seen(value, facts):
    assert described(value) == facts

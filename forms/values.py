"""A secret's value as a browser sends it, and as it is kept."""

from __future__ import annotations

from models.secret import MAX_VALUE_BYTES

LF, CRLF = "\n", "\r\n"


def browser_text(text: str, line_break: str) -> str:
    """The text as it was meant: a browser sends every line break of a text field as CRLF, whatever it was.

    `line_break` is what they are kept as.
    """
    meant = text.replace(CRLF, LF)
    return meant if line_break == LF else meant.replace(LF, line_break)


def value_problem(value: bytes) -> str | None:
    """Why this can't be a secret's value, in a sentence; None when it can."""
    if len(value) <= MAX_VALUE_BYTES:
        return None
    return f"A value has at most 64 KiB, this one {-(-len(value) // 1024):,} KiB."


def described(value: bytes) -> list[str]:
    """What of a value isn't seen by looking at it: its size, its line breaks, blanks at its ends."""
    size = f"{len(value):,} {'byte' if len(value) == 1 else 'bytes'}"
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return [size, "not text: bytes that aren't UTF-8 show as \N{REPLACEMENT CHARACTER}"]
    return [size, *_line_breaks(text), *_ends(text), *_unseen(text)]


def _line_breaks(text: str) -> list[str]:
    crlf, lf = text.count(CRLF), text.count(LF)
    if not lf:
        return []
    if crlf == 0:
        return ["line breaks are LF"]
    return ["line breaks are CRLF"] if crlf == lf else ["line breaks are LF and CRLF"]


def _ends(text: str) -> list[str]:
    ends = (("begins", text[:1]), ("ends", text[-1:]))
    kinds = dict.fromkeys(CRLF, "line break")
    return [f"{word} with a {kinds.get(end, 'blank')}" for word, end in ends if end.isspace()]


def _unseen(text: str) -> list[str]:
    return ["holds characters that can't be shown"] if any(not (c.isprintable() or c.isspace()) for c in text) else []

"""Lengths of time as people type them: a whole number and a unit."""

from __future__ import annotations

import re

UNITS = {"minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
"""Seconds of each unit, shortest first."""

LONGEST_S = 3650 * UNITS["days"]

_COUNT = re.compile(r"[0-9]{1,7}", re.ASCII)


def seconds(number: str, unit: str) -> int:
    """The length in seconds. Raises ValueError with a sentence that says what would be right."""
    if unit not in UNITS:
        raise ValueError(f"Choose one of {', '.join(UNITS)}.")
    if not _COUNT.fullmatch(number) or int(number) == 0:
        raise ValueError("Use a whole number of 1 or more, such as 30.")
    length = int(number) * UNITS[unit]
    if length > LONGEST_S:
        raise ValueError("Use at most 10 years.")
    return length


def split(length_s: int, preferred: str = "weeks") -> tuple[str, str]:
    """The number and the unit to show for a length, in the longest unit up to `preferred` that holds it exactly.

    What is no multiple of a minute is rounded up.
    """
    allowed = list(UNITS)[: list(UNITS).index(preferred) + 1]
    unit = next((unit for unit in reversed(allowed) if length_s % UNITS[unit] == 0), "minutes")
    return str(least(length_s, unit)), unit


def least(length_s: int, unit: str) -> int:
    """The smallest number of `unit` that is no shorter than the length."""
    return -(-length_s // UNITS[unit])


def spell(length_s: int) -> str:
    """The length in words, exact: `1 day 1 minute`."""
    parts = []
    for unit, size in reversed(({"seconds": 1} | UNITS).items()):
        number, length_s = divmod(length_s, size)
        if number:
            parts.append(f"{number} {unit if number > 1 else unit[:-1]}")
    return " ".join(parts) or "0 seconds"

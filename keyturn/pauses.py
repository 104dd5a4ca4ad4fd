"""How long to wait before asking again where asking has failed."""

from __future__ import annotations

_PAUSES_S = (2.0, 5.0, 15.0, 30.0)


class Pauses:
    """Pauses that grow from one failure to the next."""

    def __init__(self) -> None:
        self._failures = 0

    def next_s(self) -> float:
        """The pause after one more failure."""
        pause_s = _PAUSES_S[min(self._failures, len(_PAUSES_S) - 1)]
        self._failures += 1
        return pause_s

    def begin_anew(self) -> None:
        """It works: the next failure is a first one."""
        self._failures = 0

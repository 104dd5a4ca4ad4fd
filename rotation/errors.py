"""What the engine raises: a code of the closed list in rotation/failures.py, and the facts of the case.

RotationError            carries a code of FAILURES and the facts of the case
└── AnswerLost           it is unknown whether AWS made a key
"""

from __future__ import annotations

from rotation.failures import FAILURES, Told


class RotationError(Exception):
    """What went wrong, as a code of FAILURES and the facts of the case (words without secrets)."""

    def __init__(self, code: str, **facts: str) -> None:
        super().__init__(code)
        self.failure = FAILURES[code]
        self.facts = facts

    @property
    def code(self) -> str:
        """The code in the closed list."""
        return self.failure.code

    def told(self) -> Told:
        """The failure in words."""
        return self.failure.tell(self.facts)


class AnswerLost(RotationError):  # noqa: N818 - it says what happened
    """CreateAccessKey was sent and no usable answer came: AWS may have made a key, now or later."""

    def __init__(self, said: str) -> None:
        super().__init__("answer_lost", said=said)

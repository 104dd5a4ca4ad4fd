"""Dice that a seed repeats, one set for each subject, so that one switch doesn't change what another one throws."""

from __future__ import annotations

from random import Random

from practice.behaviour import Behaviour


class Draws:
    """The random numbers of one subject; another seed of the behaviour begins them anew."""

    def __init__(self, behaviour: Behaviour, subject: str) -> None:
        self._behaviour = behaviour
        self._subject = subject
        self._seed: int | None = None
        self._random = Random(0)  # noqa: S311 - a plan that can be repeated, not a secret

    @property
    def random(self) -> Random:
        """Where the subject's next number comes from."""
        if self._seed != self._behaviour.seed:
            self._seed = self._behaviour.seed
            self._random = Random(f"{self._subject} {self._seed}")  # noqa: S311 - as above
        return self._random

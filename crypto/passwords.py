"""People's passwords: Argon2id, and how hard one is to guess."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 256
_GOOD_SCORE = 3
_SCORED_LENGTH = 72
"""As far as zxcvbn looks; what is longer is strong by its length."""

hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The Argon2id hash to keep, with its parameters and salt."""
    return hasher.hash(password)


def password_fits(password: str, kept: str) -> bool:
    """Whether `kept` was made from `password`. Takes its time, by design."""
    try:
        return hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether `kept` was made with other parameters than today's, and should be made again at the next chance."""
    return hasher.check_needs_rehash(kept)


def password_problem(password: str, about: tuple[str, ...] = ()) -> str | None:
    """Why `password` is too weak, in a sentence; None when it will do.

    `about` are words that a guesser would try first: the person's name and address.
    """
    if len(password) < MINIMUM_LENGTH:
        return f"{len(password)} characters; {MINIMUM_LENGTH} is the least. A few words in a row do well."
    if len(password) > MAXIMUM_LENGTH:
        return f"{len(password)} characters; {MAXIMUM_LENGTH} is the most."
    verdict = zxcvbn(password[:_SCORED_LENGTH], user_inputs=[*(word for word in about if word), "keyturn"])
    if verdict["score"] >= _GOOD_SCORE:
        return None
    why = verdict["feedback"]["warning"] or "It is made of parts that guessers try first."
    return f"Too easy to guess. {why.rstrip('.')}. A few unrelated words in a row do well."

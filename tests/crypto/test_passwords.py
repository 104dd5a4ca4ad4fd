"""People's passwords: strong by a library's judgement, kept as Argon2id."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from crypto.passwords import hash_password, is_outdated, password_fits, password_problem


@pytest.mark.parametrize(
    "password", ["correct horse battery staple", "g7#kQz!v92Lm", "  ünïcode and spaces are fine  "]
)
def test_strong_ones_will_do(password):
    assert password_problem(password) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("g7#kQz!v92L", "11 characters; 12 is the least"),
        ("ab" * 129, "258 characters; 256 is the most"),
        ("password1234", "Too easy to guess"),
        ("aaaaaaaaaaaaaaaaaaaa", "Too easy to guess"),
        ("keyturnkeyturn", "Too easy to guess"),
    ],
)
def test_weak_ones_are_told_why(password, why):
    assert why in password_problem(password)
    assert password not in password_problem(password)


def test_a_guesser_tries_ones_name_first():
    assert password_problem("wolfgang.mueller") is None
    assert password_problem("wolfgang.mueller", ("wolfgang.mueller", "")) is not None


def test_the_hash_fits_its_password_only():
    kept = hash_password("correct horse battery staple")
    assert kept.startswith("$argon2id$")
    assert kept != hash_password("correct horse battery staple")
    assert password_fits("correct horse battery staple", kept)
    assert not password_fits("correct horse battery stapl", kept)
    assert not password_fits("correct horse battery staple", "no hash")


def test_a_hash_of_other_parameters_is_outdated():
    kept = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash("correct horse battery staple")
    assert password_fits("correct horse battery staple", kept)
    assert is_outdated(kept)
    assert not is_outdated(hash_password("correct horse battery staple"))

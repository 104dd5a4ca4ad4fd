from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.lengths import LONGEST_S, UNITS, least, seconds, spell, split


def test_seconds():
    assert seconds("90", "minutes") == 5400
    assert seconds("2", "weeks") == 14 * 86_400


@pytest.mark.parametrize("number", ["", "0", "000", "-1", "1.5", "1e3", "३", " 1", "1\n", "99999999", "thirty"])
def test_what_is_no_whole_number_is_refused(number):
    with pytest.raises(ValueError, match="whole number"):
        seconds(number, "days")


def test_an_unknown_unit_is_refused():
    with pytest.raises(ValueError, match="Choose one of"):
        seconds("1", "fortnights")


def test_the_longest():
    assert seconds("3650", "days") == LONGEST_S
    with pytest.raises(ValueError, match="at most 10 years"):
        seconds("3651", "days")


@given(st.integers(1, LONGEST_S // 60), st.sampled_from(list(UNITS)))
def test_what_is_shown_means_what_is_kept(minutes, preferred):
    number, unit = split(minutes * 60, preferred)
    assert seconds(number, unit) == minutes * 60


def test_split_prefers_a_unit():
    assert split(86_400) == ("1", "days")
    assert split(86_400, "hours") == ("24", "hours")
    assert split(45) == ("1", "minutes")


def test_least():
    assert least(86_460, "days") == 2
    assert least(86_400, "days") == 1


def test_spell():
    assert spell(86_460) == "1 day 1 minute"
    assert spell(15_300) == "4 hours 15 minutes"
    assert spell(0) == "0 seconds"

"""The fields of how an old key ends."""

from __future__ import annotations

from collections.abc import Iterator

from wtforms import Field, RadioField, SelectChoice, SelectField, StringField

from forms import lengths
from forms.base import refuse, stripped
from forms.strategy.when import UNITS, WhenFields
from models import Ends, RetireWhen

_DAY_S = lengths.UNITS["days"]
_URLS_LIVE_S = 7 * _DAY_S
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html: at most 7 days."""

_WITHOUT = "0"
_QUIET, _DEADLINE = RetireWhen.QUIET.value, RetireWhen.DEADLINE.value


class EndFields(WhenFields):
    """Grace period, rule, quiet time, deadline and watch. `shortest_quiet_s`: no quiet time may be shorter."""

    shortest_quiet_s = 0

    grace = StringField("Grace period", filters=[stripped], default="24")
    grace_unit = SelectField("Unit of the grace period", choices=UNITS, default="hours")
    retire_when = RadioField(
        "What ends the old key", choices=[SelectChoice(each.value) for each in RetireWhen], default=_QUIET
    )
    quiet = StringField("Quiet time", filters=[stripped], default="24")
    quiet_unit = SelectField("Unit of the quiet time", choices=UNITS, default="hours")
    deadline = StringField("Deadline", filters=[stripped], default="7")
    deadline_unit = SelectField("Unit of the deadline", choices=UNITS, default="days")
    watch = StringField("Watch", filters=[stripped], default="24")
    watch_unit = SelectField("Unit of the watch", choices=UNITS, default="hours")

    @property
    def ends(self) -> Ends:
        """How an old key ends; what plays no part by its rule is as usual. Raises ValueError."""
        return Ends(
            RetireWhen(self.retire_when.data),
            self._length_s("grace"),
            self._length_s("quiet") if self.waits_for_quiet else max(self.shortest_quiet_s, _DAY_S),
            self._length_s("deadline") if self.has_deadline else _URLS_LIVE_S,
            0 if self.watch.data == _WITHOUT else self._length_s("watch"),
        )

    @property
    def waits_for_quiet(self) -> bool:
        """Whether the quiet time plays a part."""
        return self.retire_when.data in {_QUIET, _DEADLINE}

    @property
    def has_deadline(self) -> bool:
        """Whether the deadline plays a part."""
        return bool(self.retire_when.data == _DEADLINE)

    def show_ends(self, ends: Ends) -> None:
        """Fill the fields in."""
        self.retire_when.data = ends.rule.value
        shown = {"grace": ends.grace_s, "quiet": ends.quiet_s, "deadline": ends.deadline_s, "watch": ends.watch_s}
        for name, length_s in shown.items():
            number, unit = lengths.split(length_s, "days" if length_s > 2 * _DAY_S else "hours")
            self[name].data, self[f"{name}_unit"].data = number, unit if length_s else "hours"

    def keep_for_signed_urls(self) -> None:
        """Fill in what suits a user that signs URLs: they die with the key, and live for 7 days at most."""
        self.show_ends(Ends(grace_s=_URLS_LIVE_S, quiet_s=max(self.shortest_quiet_s, _DAY_S)))

    def ends_problems(self) -> Iterator[tuple[Field, str | None]]:
        """Each field with why it can't be; None when it can, or plays no part."""
        if self.retire_when.data not in set(RetireWhen):
            yield self.retire_when, "Choose what ends the old key."
        grace = self._length_problem("grace")
        yield self.grace, grace
        yield self.quiet, self._quiet_problem() if self.waits_for_quiet else None
        yield self.deadline, self._deadline_problem(grace) if self.has_deadline else None
        yield self.watch, None if self.watch.data == _WITHOUT else self._length_problem("watch")

    @property
    def ends_problem(self) -> str | None:
        """The first of them."""
        return next((problem for _, problem in self.ends_problems() if problem), None)

    def validate_grace(self, field: Field) -> None:
        """A length."""
        self._refuse_end(field)

    def validate_quiet(self, field: Field) -> None:
        """A length, no shorter than AWS's report of a use may be late."""
        self._refuse_end(field)

    def validate_deadline(self, field: Field) -> None:
        """A length, no shorter than the grace period."""
        self._refuse_end(field)

    def validate_watch(self, field: Field) -> None:
        """A length, or 0 for none."""
        self._refuse_end(field)

    def _refuse_end(self, field: Field) -> None:
        refuse(next(problem for each, problem in self.ends_problems() if each is field))

    def _quiet_problem(self) -> str | None:
        problem = self._length_problem("quiet")
        if problem is None and self._length_s("quiet") < self.shortest_quiet_s:
            return (
                f"Too short: AWS reports uses late. The shortest quiet time is {lengths.spell(self.shortest_quiet_s)}."
            )
        return problem

    def _deadline_problem(self, grace_problem: str | None) -> str | None:
        problem = self._length_problem("deadline")
        if problem or grace_problem or self._length_s("deadline") >= self._length_s("grace"):
            return problem
        return f"Too short: the key stays valid for its grace period, {lengths.spell(self._length_s('grace'))}."

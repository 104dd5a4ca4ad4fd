"""What can go wrong, with the exit codes that scripts can use. `docs/cli.md` has them as a table."""

from __future__ import annotations

import click


class Problem(click.ClickException):
    """Ends a command with a message on standard error and without a traceback."""

    exit_code = 1


class Refused(Problem):
    """The server refuses the token, or the token has no right to what was asked for."""

    exit_code = 3


class Unreachable(Problem):
    """The server doesn't answer, or not as Keyturn does."""

    exit_code = 4


class NotReady(Problem):
    """There is nothing to hand out that AWS would take; asking again later can help."""

    exit_code = 5


class Failed(Problem):
    """The rotation failed."""

    exit_code = 6

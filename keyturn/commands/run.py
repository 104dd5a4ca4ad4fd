"""`keyturn run`: a program with the secrets in its environment."""

from __future__ import annotations

import os
import signal
import sys

import click

from keyturn import secrets
from keyturn.environment import with_secrets
from keyturn.login import find_login
from keyturn.server import Server
from keyturn.watching import Watched

_NAMES = [name.removeprefix("SIG").lower() for name in ("SIGHUP", "SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2")]


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--path", help="Where the secrets are, as /billing/api. Without it: at the token's path and below.")
@click.option("--name", "names", multiple=True, help="Only this secret; once or more.")
@click.option("--watch", is_flag=True, help="Start the command anew when the secrets change.")
@click.option("--signal", "signalled", type=click.Choice(_NAMES), help="With --watch: send this signal instead.")
def run(
    command: tuple[str, ...], path: str | None, names: tuple[str, ...], signalled: str | None, *, watch: bool
) -> None:
    """Run COMMAND with the secrets in its environment: `keyturn run -- ./server --port 80`.

    Ends with the command's own exit code. Keyturn's own settings aren't passed on.
    """
    if signalled and not watch:
        raise click.UsageError("--signal needs --watch.")
    server, asked = Server(find_login()), secrets.query(names, path)
    answer, etag = server.get_if_changed(secrets.PATH, asked) or ({"secrets": []}, "")
    values = secrets.by_name(answer)
    if not watch:
        _become(command, values)
    number = signal.Signals[f"SIG{signalled.upper()}"] if signalled else None
    sys.exit(Watched(server, asked, etag, command, number).run(values))


def _become(command: tuple[str, ...], values: dict[str, str]) -> None:
    """Go on as the command: it keeps this process's number, so that signals and supervisors meet it itself."""
    try:
        os.execvpe(command[0], command, with_secrets(values))  # noqa: S606 - the user's own command
    except OSError as error:
        raise click.ClickException(f"{command[0]}: {error.strerror}.") from None

"""`keyturn`: starts Keyturn or a part of it, helps who has no way in, and serves the machine of a program (keyturn/).

A command imports what it runs when it runs: the top process of `up` and `demo` stays small, and what a program waits
for is quick. Without the extra `server` only the commands in keyturn/ work.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keyturn.commands import COMMANDS

if TYPE_CHECKING:
    from config import Config


class CannotRun(click.ClickException):
    """Ends the command with a message and without a traceback."""


class Commands(click.Group):
    """The commands of the server, which are below, and those of keyturn/, imported only when they are named."""

    def list_commands(self, context: click.Context) -> list[str]:
        """All, by name."""
        return sorted([*super().list_commands(context), *COMMANDS])

    def get_command(self, context: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return super().get_command(context, cmd_name)
        module, _, name = COMMANDS[cmd_name].partition(":")
        found: click.Command = getattr(import_module(module), name)
        return found

    def invoke(self, context: click.Context) -> object:
        """Run what was asked for."""
        try:
            return super().invoke(context)
        except ModuleNotFoundError as error:
            raise CannotRun(
                f"This command is the server's, and {error.name} isn't installed: pip install 'keyturn[server]'."
            ) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="keyturn")
@click.pass_context
def main(context: click.Context) -> None:
    """Rotates AWS IAM access keys so that no program ever sees a key that AWS refuses."""
    if context.invoked_subcommand in COMMANDS:
        return
    from config import Config, ConfigError

    os.umask(0o077)
    try:
        context.obj = Config.from_env()
    except ConfigError as error:
        raise CannotRun("\n".join(["Some settings can't be right:", *error.problems])) from None


@main.command()
@click.pass_obj
def up(config: Config) -> None:
    """Run everything on this machine."""
    from supervisor.up import up as run

    _supervise(run, config)


@main.command()
@click.pass_obj
def demo(config: Config) -> None:
    """Run everything with practice AWS, begun anew."""
    from supervisor.demo import demo as run

    _supervise(run, config)


@main.command()
@click.pass_obj
def web(config: Config) -> None:
    """Run the web alone."""
    _prepare(config)
    from supervisor.web import main as run

    run()


@main.command()
@click.pass_obj
def worker(config: Config) -> None:
    """Run one worker alone."""
    _prepare(config)
    from supervisor.worker import main as run

    run()


@main.command()
@click.pass_obj
def scheduler(config: Config) -> None:
    """Run the scheduler alone."""
    _prepare(config)
    from supervisor.scheduler import main as run

    run()


@main.command()
@click.pass_obj
def check(config: Config) -> None:
    """Test the set-up and say what is wrong."""
    from supervisor.checks import run

    sys.exit(run(config, click.echo))


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def backup(config: Config, file: Path) -> None:
    """Write the database to FILE, also while Keyturn runs.

    The master key isn't in it: keep that apart.
    """
    from supervisor.backups import back_up

    _refuse(back_up(config, file, click.echo))


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Lose what the database holds now.")
@click.pass_obj
def restore(config: Config, file: Path, *, replace: bool) -> None:
    """Put the backup FILE in place, while Keyturn is stopped."""
    from supervisor.backups import bring_back

    _refuse(bring_back(config, file, click.echo, replace=replace))


@main.group()
def user() -> None:
    """Let people in."""


@user.command("add")
@click.argument("name")
@click.option("--admin", is_flag=True, help="May enter all projects and invite people.")
@click.option("--email", default="", help="For notices.")
@click.pass_obj
def add_user(config: Config, name: str, *, admin: bool, email: str) -> None:
    """Add a person. The password is read from standard input."""
    from supervisor.people import add

    _refuse(add(config, name, _password(), email=email, is_admin=admin))


@user.command("reset-password")
@click.argument("name")
@click.pass_obj
def reset_password(config: Config, name: str) -> None:
    """Give a person another password, read from standard input, and end their sessions."""
    from supervisor.people import reset_password as reset

    _refuse(reset(config, name, _password()))


def _supervise(run: Callable[[Config, Callable[[str], None]], int], config: Config) -> None:
    from supervisor.loop import CannotGoOnError
    from supervisor.ports import PortTakenError

    try:
        sys.exit(run(config, click.echo))
    except (CannotGoOnError, PortTakenError) as error:
        raise CannotRun(str(error)) from None


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().removesuffix("\n").removesuffix("\r")


def _refuse(problem: str | None) -> None:
    if problem:
        raise CannotRun(problem)


def _prepare(config: Config) -> None:
    from supervisor.child import ROOT

    # As a process of its own: what migrations need doesn't stay in memory.
    env = {**os.environ, "KEYTURN_INSTANCE": str(config.instance.resolve())}
    if subprocess.run([sys.executable, "-m", "supervisor.prepare"], cwd=ROOT, env=env, check=False).returncode:
        sys.exit(1)


if __name__ == "__main__":
    main()

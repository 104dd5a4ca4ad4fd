"""`keyturn`: starts Keyturn or a part of it, and helps who has no way in.

A command imports what it runs when it runs: the top process of `up` and `demo` stays small.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click

from config import Config, ConfigError
from supervisor.child import ROOT


class CannotRun(click.ClickException):
    """Ends the command with a message and without a traceback."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """Rotates AWS IAM access keys so that no program ever sees a key that AWS refuses."""
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
    # As a process of its own: what migrations need doesn't stay in memory.
    env = {**os.environ, "KEYTURN_INSTANCE": str(config.instance.resolve())}
    if subprocess.run([sys.executable, "-m", "supervisor.prepare"], cwd=ROOT, env=env, check=False).returncode:
        sys.exit(1)


if __name__ == "__main__":
    main()

"""`keyturn agent`: fresh credentials for all programs of a machine."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from keyturn.agent.running import Agent
from keyturn.login import find_login
from keyturn.server import Server

_FOLDER = Path(click.get_app_dir("keyturn"))


@click.command()
@click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), default=_FOLDER / "agent.toml", show_default=True,
    help="The agent's file; SIGHUP reads it anew.",
)  # fmt: skip
@click.option(
    "--token-file", type=click.Path(path_type=Path, dir_okay=False), default=_FOLDER / "agent.token", show_default=True,
    help="What programs show to the agent; made if it isn't there.",
)  # fmt: skip
@click.option("--systemd-unit", is_flag=True, help="Print a unit for systemd, and do nothing else.")
def agent(config: Path, token_file: Path, *, systemd_unit: bool) -> None:
    """Serve the AWS SDKs on loopback, and keep profiles and files up to date.

    It goes on handing out what it has while the server is away, for as long as the server honours it.
    """
    if systemd_unit:
        click.echo(files("keyturn.agent").joinpath("keyturn-agent.service").read_text(), nl=False)
        return
    Agent(Server(find_login()), config, token_file, lambda line: click.echo(line, err=True)).run()

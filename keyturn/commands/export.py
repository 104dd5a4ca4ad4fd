"""`keyturn export`: secrets for other tools."""

from __future__ import annotations

from pathlib import Path

import click

from keyturn import secrets
from keyturn.formats import FORMATS
from keyturn.login import find_login
from keyturn.server import Server
from keyturn.writing import swap


@click.command()
@click.argument("names", nargs=-1)
@click.option("--path", help="Where the secrets are, as /billing/api. Without it: at the token's path and below.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="dotenv", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Swap this file (mode 0600 if new).")
def export(names: tuple[str, ...], path: str | None, form: str, output: Path | None, *, as_json: bool) -> None:
    """Print the secrets NAMES, or all that the token reaches, from one moment.

    \b
    eval "$(keyturn export --format shell)"
    keyturn export --format docker --output app.env
    """  # noqa: D301 - Click reads the mark as "leave these lines as they are"
    text = FORMATS["json" if as_json else form](secrets.read(Server(find_login()), names, path))
    if output is None:
        click.echo(text, nl=False)
    else:
        swap(output, text.encode())

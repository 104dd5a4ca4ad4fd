"""`keyturn get`: the value of one secret."""

from __future__ import annotations

import json

import click

from keyturn import secrets
from keyturn.login import find_login
from keyturn.server import Server


@click.command()
@click.argument("name")
@click.option("--path", help="Where the secret is, as /billing/api. Without it: at the token's path and below.")
@click.option("--json", "as_json", is_flag=True, help="Print name, path, version and time too.")
def get(name: str, path: str | None, *, as_json: bool) -> None:
    """Print the value of the secret NAME, as it is and with nothing after it."""
    answer = Server(find_login()).get(secrets.PATH, secrets.query([name], path))
    value = secrets.by_name(answer)[name]
    click.echo(json.dumps(answer["secrets"][0], ensure_ascii=False) if as_json else value, nl=as_json)

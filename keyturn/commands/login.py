"""`keyturn login` and `logout`: a server and a token, stored for this user."""

from __future__ import annotations

import json
import sys

import click

from keyturn.login import Login, forget, normal_url, store
from keyturn.problems import Problem
from keyturn.server import Server


@click.command()
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="Print the server, the token and the file.")
def login(url: str, *, as_json: bool) -> None:
    """Store the address of a server and a service token for it.

    The token is asked for, or read from standard input. The server is asked whether it holds.
    """
    token = click.prompt("Service token", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    made = Login(normal_url(url), token.strip())
    told = Server(made).get("/api/v1/token")
    path = store(made)
    if as_json:
        click.echo(json.dumps({"url": made.url, "token": told, "path": str(path)}, ensure_ascii=False))
        return
    click.echo(f"Token {told['name']} for {told['environment']}:{told['path']} is stored in {path}.", err=True)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the file.")
def logout(*, as_json: bool) -> None:
    """Forget the stored server and token. The token itself goes on until it is revoked."""
    path = forget()
    if path is None:
        raise Problem("Nobody is logged in.")
    if as_json:
        click.echo(json.dumps({"path": str(path)}, ensure_ascii=False))
        return
    click.echo(f"{path} is deleted. The token itself holds until somebody revokes it.", err=True)

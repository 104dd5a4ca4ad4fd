"""`keyturn status`: what the token reaches, and how it is with the keys."""

from __future__ import annotations

import json

import click

from keyturn.login import find_login
from keyturn.server import Server


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print it for scripts.")
def status(*, as_json: bool) -> None:
    """Tell which server and token are used, and the state of each strategy that the token reaches."""
    server = Server(find_login())
    token = server.get("/api/v1/token")
    strategies = server.pages("/api/v1/strategies", "strategies")
    if as_json:
        click.echo(json.dumps({"url": server.url, "token": token, "strategies": strategies}, ensure_ascii=False))
        return
    expires = f", until {token['expires_at']}" if token["expires_at"] else ""
    click.echo(f"{server.url}: token {token['name']} for {token['environment']}:{token['path']}{expires}")
    for each in strategies:
        next_at = f"next at {each['next_at']}" if each["next_at"] else "no next time"
        click.echo(f"{each['id']:>6}  {each['user_name']}: {each['says']}, {next_at}")
    if not strategies:
        click.echo("It names no strategy.")

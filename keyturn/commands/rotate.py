"""`keyturn rotate`: turn a key, and watch it being turned."""

from __future__ import annotations

import json
import time
from typing import Any

import click

from keyturn.handed import number_of
from keyturn.login import find_login
from keyturn.pauses import Pauses
from keyturn.problems import Failed, NotReady, Unreachable
from keyturn.server import LONGEST_WAIT_S, Server

_LEAST_PAUSE_S = 0.5


@click.command()
@click.argument("strategy")
@click.option("--wait", is_flag=True, help="Wait until it has ended, and tell its steps on standard error.")
@click.option("--timeout", default=900, show_default=True, help="With --wait: give up waiting after so many seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print the rotation.")
def rotate(strategy: str, timeout: int, *, wait: bool, as_json: bool) -> None:
    """Have the key of STRATEGY (its number or user name) rotated.

    The token needs the right to rotate. Exit code 6: the rotation failed; 5: it goes on, but not within the timeout.
    """
    server = Server(find_login())
    rotation = server.post(f"/api/v1/strategies/{number_of(server, strategy)}/rotations")
    if wait:
        rotation = _watch(server, rotation, time.monotonic() + timeout)
    if as_json:
        click.echo(json.dumps(rotation, ensure_ascii=False))
    elif not wait:
        click.echo(f"Rotation {rotation['id']} is queued.", err=True)
    if rotation["state"] == "failed":
        failure = rotation["failure"]
        raise Failed(f"{failure['heading']}. {failure['why']} {failure['what_to_do']}")


def _watch(server: Server, rotation: Any, until: float) -> Any:
    """Tell the steps as they come; the rotation once it has ended."""
    pauses = Pauses()
    told, waited_for, etag, path = 0, None, "", f"/api/v1/rotations/{rotation['id']}"
    while True:
        steps = [step for step in rotation["steps"] if step["ended_at"]]
        for step in steps[told:]:
            click.echo(f"{step['name']}: {step['text']}", err=True)
        told = len(steps)
        if rotation["ended_at"]:
            return rotation
        try:
            if rotation["waits_for"] not in {None, waited_for}:
                says = server.get(f"/api/v1/strategies/{rotation['strategy_id']}")["says"]
                click.echo(f"{rotation['waits_for']}: {says}", err=True)
            waited_for = rotation["waits_for"]
            if time.monotonic() > until:
                raise NotReady(f"Rotation {rotation['id']} goes on: {rotation['state']}. Nothing was stopped.")
            found = server.get_if_changed(path, None, etag, min(LONGEST_WAIT_S, max(1, int(until - time.monotonic()))))
        except Unreachable as problem:
            if time.monotonic() > until:
                raise
            click.echo(f"{problem.format_message()} The rotation goes on; asking again.", err=True)
            time.sleep(pauses.next_s())
            continue
        pauses.begin_anew()
        if found is None:
            time.sleep(_LEAST_PAUSE_S)
        else:
            rotation, etag = found

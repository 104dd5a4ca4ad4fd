"""`keyturn credentials`: for `credential_process` in ~/.aws/config.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

from __future__ import annotations

import json

import click

from keyturn.handed import fetch
from keyturn.login import find_login
from keyturn.server import Server


@click.command()
@click.argument("strategy")
def credentials(strategy: str) -> None:
    """Print the credentials of STRATEGY (its number or user name) as AWS SDKs and the AWS CLI read them.

    \b
    [profile billing]
    credential_process = keyturn credentials 7
    """  # noqa: D301 - Click reads the mark as "leave these lines as they are"
    handed = fetch(Server(find_login()), strategy)
    document = {
        "Version": 1, "AccessKeyId": handed.access_key_id, "SecretAccessKey": handed.secret_access_key,
        "Expiration": handed.expiration,
    }  # fmt: skip
    if handed.session_token:  # an empty one breaks Java v2, Ruby and Rust
        document["SessionToken"] = handed.session_token
    click.echo(json.dumps(document))

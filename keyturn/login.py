"""Which server, and with which token: what the environment says, else what `keyturn login` stored."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import click

from keyturn.problems import Problem
from keyturn.writing import swap

_NONE = (
    "No server or no token is known. Run `keyturn login URL`, or set KEYTURN_URL and KEYTURN_TOKEN "
    "(or KEYTURN_TOKEN_FILE, the path of a file that holds it)."
)


@dataclass(frozen=True)
class Login:
    """A server's address and a service token for it."""

    url: str
    token: str = field(repr=False)


def find_login() -> Login:
    """The login that holds here. Each of the two that the environment doesn't say is the stored one.

    Raises Problem where there is none.
    """
    stored = _stored()
    url = os.environ.get("KEYTURN_URL") or stored.get("url", "")
    token = os.environ.get("KEYTURN_TOKEN") or _from_file() or stored.get("token", "")
    if not url or not token:
        raise Problem(_NONE)
    return Login(normal_url(url), token.strip())


def store(login: Login) -> Path:
    """Keep the login for this user (mode 0600); returns where."""
    path = _path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    swap(path, json.dumps({"url": login.url, "token": login.token}).encode(), mode=0o600)
    return path


def forget() -> Path | None:
    """Delete the stored login; returns where it was."""
    path = _path()
    try:
        path.unlink()
    except FileNotFoundError:
        return None
    return path


def normal_url(text: str) -> str:
    """The server's address without a path's last slash. Raises Problem for what is none."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        raise Problem(f"{text!r} is no address of a server. One looks like https://keyturn.example.com.")
    return text.rstrip("/")


def _path() -> Path:
    return Path(click.get_app_dir("keyturn")) / "login.json"


def _stored() -> dict[str, str]:
    path = _path()
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise Problem(f"{path} can't be read. Mend or delete it, then run `keyturn login URL`.") from None
    return found if isinstance(found, dict) else {}


def _from_file() -> str:
    name = os.environ.get("KEYTURN_TOKEN_FILE")
    if not name:
        return ""
    try:
        return Path(name).read_text()
    except OSError as error:
        raise Problem(f"KEYTURN_TOKEN_FILE: {name} can't be read: {error.strerror}.") from None

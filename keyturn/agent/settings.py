"""The agent's file: TOML, read at the start and at SIGHUP.

```toml
listen = "127.0.0.1:9911"

[[strategy]]
number = 7
profile = "billing"            # kept in ~/.aws/credentials

[[file]]
path = "/etc/billing/app.env"
format = "dotenv"              # json, shell, docker
names = ["AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"]
run = ["systemctl", "reload", "billing"]
```
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyturn.formats import FORMATS
from keyturn.problems import Problem

LISTEN = "127.0.0.1:9911"
_PROFILE = re.compile(r"[^\[\]\r\n#;]+")


@dataclass(frozen=True)
class Kept:
    """A strategy whose credentials are kept fresh."""

    number: int
    profile: str = ""
    """Its profile in the AWS credentials file; empty: on the endpoint alone."""
    run: tuple[str, ...] = ()
    """What is run after its credentials have changed."""


@dataclass(frozen=True)
class Rendered:
    """A file that holds secrets."""

    path: Path
    form: str = "dotenv"
    names: tuple[str, ...] = ()
    """Which; all that the token reaches without any."""
    at: str | None = None
    """The secrets' path on the server."""
    mode: int = 0o600
    run: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """What the agent does."""

    host: str = "127.0.0.1"
    port: int = 9911
    credentials_file: Path = Path("~/.aws/credentials")
    strategies: tuple[Kept, ...] = ()
    files: tuple[Rendered, ...] = ()


def read_settings(path: Path) -> Settings:
    """The settings in the file. Raises Problem, which names what can't be right."""
    try:
        found = tomllib.loads(path.read_text())
    except OSError as error:
        raise Problem(f"{path} can't be read: {error.strerror}.") from None
    except tomllib.TOMLDecodeError as error:
        raise Problem(f"{path} is no TOML: {error}") from None
    try:
        return _settings(_Table(found, ""))
    except ValueError as error:
        raise Problem(f"{path}: {error}") from None


class _Table:
    """A table of the file; what nobody asked for is unknown."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self._left, self._where = dict(values), where

    def take(self, name: str, kind: type, default: Any = None) -> Any:
        """The value of that name. Raises ValueError where it is of another kind, or missing without a default."""
        value = self._left.pop(name, default)
        if value is None and default is None:
            raise ValueError(f"{self._where}{name} is missing.")
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ValueError(f"{self._where}{name} can't be {value!r}.")  # noqa: TRY004 - what the file says
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """The list of texts of that name; empty without one."""
        values = self.take(name, list, [])
        if not all(isinstance(value, str) and value for value in values):
            raise ValueError(f"{self._where}{name} is a list of texts.")
        return tuple(values)

    def tables(self, name: str) -> list[_Table]:
        """The tables `[[name]]`."""
        values = self.take(name, list, [])
        if not all(isinstance(value, dict) for value in values):
            raise ValueError(f"[[{name}]] is a table.")
        return [_Table(value, f"[[{name}]] number {number}: ") for number, value in enumerate(values, 1)]

    def end(self) -> None:
        """Raises ValueError for what nobody asked for."""
        if self._left:
            raise ValueError(f"{self._where}{min(self._left)} isn't known.")


def _settings(table: _Table) -> Settings:
    host, port = _listen(table.take("listen", str, LISTEN))
    made = Settings(
        host, port, Path(table.take("credentials_file", str, "~/.aws/credentials")).expanduser(),
        tuple(_kept(each) for each in table.tables("strategy")),
        tuple(_rendered(each) for each in table.tables("file")),
    )  # fmt: skip
    table.end()
    _want_once("number", [str(each.number) for each in made.strategies])
    _want_once("profile", [each.profile for each in made.strategies if each.profile])
    _want_once("path", [str(each.path) for each in made.files])
    if not made.strategies and not made.files:
        raise ValueError("it has neither a [[strategy]] nor a [[file]]: there is nothing to do.")
    return made


def _want_once(what: str, values: list[str]) -> None:
    if twice := {value for value in values if values.count(value) > 1}:
        raise ValueError(f"the {what} {min(twice)} is there twice.")


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if host not in {"127.0.0.1", "[::1]"} or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - a port's end
        raise ValueError(f"listen can't be {text!r}: it is loopback, as {LISTEN}; port 0 takes any.")
    return host.strip("[]"), int(port)


def _kept(table: _Table) -> Kept:
    made = Kept(table.take("number", int), table.take("profile", str, ""), table.texts("run"))
    table.end()
    if made.profile and not _PROFILE.fullmatch(made.profile):
        raise ValueError(f"{made.profile!r} can't be the name of a profile.")
    return made


def _rendered(table: _Table) -> Rendered:
    mode = table.take("mode", str, "0600")
    made = Rendered(
        Path(table.take("path", str)).expanduser(), table.take("format", str, "dotenv"), table.texts("names"),
        table.take("at", str, "") or None, int(mode, 8) if re.fullmatch("0?[0-7]{3}", mode) else -1, table.texts("run"),
    )  # fmt: skip
    table.end()
    if made.form not in FORMATS:
        raise ValueError(f"the format {made.form!r} isn't known; there are {', '.join(FORMATS)}.")
    if made.mode < 0:
        raise ValueError(f'the mode {mode!r} isn\'t one, as "0640".')
    if not made.path.is_absolute():
        raise ValueError(f"{made.path} is no absolute path.")
    return made

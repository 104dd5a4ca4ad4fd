"""Settings: read once from the environment, checked together, then passed on as one frozen value.

Each row of `Config` carries its default, unit and help; `docs/configuration.md` is generated from them.
A setting `FOO` may also be given as `FOO_FILE`, the path of a file that holds the value (for secrets).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

VERSION = "0.1.0"
_SOCKET_NAME_BYTES = 100
"""What every system takes as the name of a Unix socket (Linux: 107)."""


class ConfigError(Exception):
    """One or more settings can't be right; `problems` has a sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _text(raw: str) -> str:
    return raw


def _boolean(raw: str) -> bool:
    if raw.lower() in {"1", "true", "yes", "on"}:
        return True
    if raw.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("must be one of true, false, yes, no, on, off, 1, 0")


def _at_least(minimum: int) -> Callable[[str], int]:
    def parse(raw: str) -> int:
        try:
            value = int(raw)
        except ValueError:
            raise ValueError("must be a whole number") from None
        if value < minimum:
            raise ValueError(f"must be {minimum} or more")
        return value

    return parse


def _http_url(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError("must be an address such as https://keyturn.example.com")
    return raw.rstrip("/")


def _names(raw: str) -> tuple[str, ...]:
    return tuple(name for name in (part.strip() for part in raw.split(",")) if name)


def _setting(default: Any, env: str, parse: Callable[[str], Any], help_: str, unit: str = "") -> Any:
    return field(default=default, metadata={"env": env, "parse": parse, "help": help_, "unit": unit})


@dataclass(frozen=True)
class Config:
    """Every setting of Keyturn, with the values that serve one machine as defaults."""

    instance: Path = _setting(  # noqa: RUF009 - it makes a dataclass field
        Path("instance"), "KEYTURN_INSTANCE", Path, "Folder of the data that Keyturn keeps on this machine."
    )
    database_url: str = _setting(
        "",
        "DATABASE_URL",
        _text,
        "PostgreSQL, as postgresql://user:password@host/name. Empty: SQLite in the instance folder.",
    )
    redis_url: str = _setting(
        "", "REDIS_URL", _text, "A Redis or Valkey of your own. Empty: `keyturn up` starts one in the instance folder."
    )
    master_key: str = _setting(
        "",
        "KEYTURN_MASTER_KEY",
        _text,
        "Master key, 32 bytes in base64. Empty: instance/master.key, made at first start.",
    )
    url: str = _setting(
        "",
        "KEYTURN_URL",
        _http_url,
        "Address under which people reach Keyturn; its host is the only one answered, besides loopback.",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (), "KEYTURN_ALLOWED_HOSTS", _names, "Further host names to answer, separated by commas."
    )
    host: str = _setting("127.0.0.1", "KEYTURN_HOST", _text, "Address to listen on.")
    port: int = _setting(8000, "PORT", _at_least(0), "Port to listen on; 0 takes any that is free.")
    web_processes: int = _setting(2, "KEYTURN_WEB_PROCESSES", _at_least(1), "Web processes that `keyturn up` runs.")
    worker_processes: int = _setting(1, "KEYTURN_WORKERS", _at_least(1), "Workers that `keyturn up` runs.")
    trust_proxy: bool = _setting(
        False,
        "KEYTURN_TRUST_PROXY",
        _boolean,
        "Behind one reverse proxy: take address and scheme from its X-Forwarded headers.",
    )
    secure_cookies: bool = _setting(
        False,
        "KEYTURN_SECURE_COOKIES",
        _boolean,
        "Send cookies over HTTPS only. On by itself when KEYTURN_URL begins with https.",
    )
    sweep_period_s: int = _setting(
        3, "KEYTURN_SWEEP_PERIOD", _at_least(1), "How often the sweep looks for what is due.", "seconds"
    )
    lease_s: int = _setting(
        60, "KEYTURN_LEASE", _at_least(5), "How long a worker that doesn't answer keeps its rotation.", "seconds"
    )
    last_use_lag_s: int = _setting(
        15_300,
        "KEYTURN_LAST_USE_LAG",
        _at_least(0),
        "How late and coarse AWS reports a key's last use: no quiet time may be shorter. 15 minutes and 4 hours.",
        "seconds",
    )
    last_use_poll_s: int = _setting(
        900,
        "KEYTURN_LAST_USE_POLL",
        _at_least(1),
        "How often AWS is asked whether an old key is still used.",
        "seconds",
    )
    handed_margin_s: int = _setting(
        300,
        "KEYTURN_HANDED_MARGIN",
        _at_least(0),
        "How much longer than programs were told that it holds an old key is kept at AWS.",
        "seconds",
    )
    aws_endpoint_url: str = _setting(
        "",
        "AWS_ENDPOINT_URL",
        _http_url,
        "Another AWS than the real one (practice AWS, a private cloud), for IAM, STS and S3 alike.",
    )
    practice: bool = _setting(
        False, "KEYTURN_PRACTICE", _boolean, "Set by `make demo`: AWS is practice AWS, and forms offer its values."
    )
    log_level: str = _setting("INFO", "KEYTURN_LOG_LEVEL", _text, "DEBUG, INFO, WARNING or ERROR.")

    @property
    def sqlite_path(self) -> Path:
        """Where the database is when `database_url` doesn't say otherwise."""
        return self.instance / "keyturn.db"

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the database in use; PostgreSQL is spoken to by psycopg."""
        if not self.database_url:
            return f"sqlite:///{self.sqlite_path.resolve()}"
        scheme, _, rest = self.database_url.partition("://")
        return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else self.database_url

    @property
    def redis(self) -> str:
        """The Redis in use: `redis_url`, else the socket of the one that `keyturn up` starts."""
        return self.redis_url or f"unix://{self.redis_socket}"

    @property
    def redis_socket(self) -> Path:
        """Where the Redis that `keyturn up` starts listens: in the instance folder, unless its name is too long."""
        path = (self.instance / "redis.sock").resolve()
        if len(os.fsencode(path)) <= _SOCKET_NAME_BYTES:
            return path
        digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"keyturn-{os.getuid()}-{digest}" / "redis.sock"

    @property
    def hosts(self) -> frozenset[str]:
        """The host names (without port) that requests may name."""
        own = {urlsplit(self.url).hostname or ""} if self.url else set()
        return frozenset({"127.0.0.1", "localhost", "::1", *self.allowed_hosts, *own} - {""})

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Config:
        """Read the settings from `env` (default: the process's environment).

        Raises ConfigError with one sentence for each value that can't be right, all at once.
        """
        env = os.environ if env is None else env
        values: dict[str, Any] = {}
        problems: list[str] = []
        for row in fields(cls):
            name, parse = row.metadata["env"], row.metadata["parse"]
            try:
                raw = _raw(env, name)
                if raw:
                    values[row.name] = parse(raw)
            except (ValueError, OSError) as error:
                problems.append(f"{name} {error}.")
        if problems:
            raise ConfigError(problems)
        return cls(**values)


def _raw(env: Mapping[str, str], name: str) -> str:
    """The setting's text from `NAME`, else from the file that `NAME_FILE` names, else empty."""
    if env.get(name):
        return env[name]
    path = env.get(f"{name}_FILE")
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"can't be read from {path}: {error.strerror}") from error

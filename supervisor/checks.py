"""`keyturn check`: tests the set-up and says what is wrong with what to do about it. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from redis import Redis, RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import migrations
from config import Config
from crypto import Keyring, MasterKeyError
from models.engine import open_database
from models.people import anyone_exists
from models.project import check_master_key
from supervisor import redis_server
from supervisor.prepare import folder_problem

_TIMEOUT_S = 5
_NOT_YET = "is made at the first `keyturn up`"

Finding = tuple[bool, str, str]
"""Whether it is well, what it is about, and what was found with its remedy."""


def run(config: Config, write: Callable[[str], None]) -> int:
    """Write a line for each part of the set-up. Returns 0 when all is well, else 1."""
    findings = [*_instance(config), *_database(config), _redis(config), _aws(config)]
    for well, name, text in findings:
        write(f"{'ok ' if well else 'BAD'} {name}: {text}")
    return 0 if all(well for well, _, _ in findings) else 1


def _instance(config: Config) -> Iterator[Finding]:
    folder = config.instance.resolve()
    if not folder.exists():
        yield True, "instance folder", f"{folder} {_NOT_YET}"
        return
    problem = folder_problem(config)
    yield problem is None, "instance folder", problem or f"{folder}, private"


def _database(config: Config) -> Iterator[Finding]:
    if not config.database_url and not config.sqlite_path.exists():
        yield True, "database", f"{config.sqlite_path.resolve()} {_NOT_YET}"
        return
    engine = open_database(config.database)
    try:
        with engine.connect() as connection:
            yield True, "database", engine.url.render_as_string(hide_password=True)
            if not migrations.is_current(connection):
                yield (
                    False,
                    "schema",
                    "isn't this version's: `keyturn up` (or web, worker, scheduler) brings it up to date",
                )
                return
        with Session(engine) as session:
            yield _master_key(config, session)
            yield from _people(session)
    except SQLAlchemyError as error:
        said = getattr(error, "orig", None) or type(error).__name__
        yield False, "database", f"doesn't answer ({said}): is it running, and is DATABASE_URL right?"


def _master_key(config: Config, session: Session) -> Finding:
    path = config.instance / "master.key"
    try:
        if not config.master_key and not path.exists():
            return (
                False,
                "master key",
                f"{path.resolve()} is gone: put it back from your backup, or nothing can be read",
            )
        check_master_key(session, Keyring.load(config.master_key, path))
    except MasterKeyError as error:
        return False, "master key", str(error)
    return True, "master key", "opens the stored values"


def _people(session: Session) -> Iterator[Finding]:
    if not anyone_exists(session):
        yield (
            False,
            "people",
            "nobody has an account: `keyturn user add NAME --admin`, or the link that `keyturn up` prints",
        )


def _redis(config: Config) -> Finding:
    if not config.redis_url:
        if redis_server.executable() is None:
            return False, "redis", redis_server.NO_SERVER
        running = redis_server.answers(config.redis_socket)
        return True, "redis", f"{config.redis_socket}, {'running' if running else '`keyturn up` starts it'}"
    try:
        with Redis.from_url(config.redis_url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S) as redis:
            redis.ping()
    except (RedisError, ValueError) as error:
        return False, "redis", f"doesn't answer ({type(error).__name__}): is it running, and is REDIS_URL right?"
    return True, "redis", "answers"


def _aws(config: Config) -> Finding:
    """Whether the AWS in use is there; no key is needed for that question."""
    if config.aws_endpoint_url:
        return _answers(config.aws_endpoint_url, "is AWS_ENDPOINT_URL right?")
    return _answers("https://iam.amazonaws.com", "look at this machine's way out: proxy, DNS, firewall")


def _answers(url: str, remedy: str) -> Finding:
    request = Request(url, method="HEAD")  # noqa: S310 - the configured address, http or https
    try:
        with urlopen(request, timeout=_TIMEOUT_S):  # noqa: S310 - as above
            pass
    except HTTPError:
        return True, "AWS", f"{url} answers"
    except OSError as error:
        return False, "AWS", f"{url} doesn't answer ({error}): {remedy}"
    return True, "AWS", f"{url} answers"

"""What the app was wired with, for views: the settings, the keyring, the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import Flask, current_app, request

from config import Config
from crypto import Keyring
from database import db
from jobs.queue import Courier
from rotation.clock import Clock, DatabaseClock
from rotation.provider import Provider
from rotation.reach.access import Access

ProviderFor = Callable[[str, Access], Provider]


@dataclass(frozen=True)
class Services:
    """What `create_app` was given or made; kept in `app.extensions["keyturn"]`."""

    config: Config
    keyring: Keyring
    clock: Clock
    courier: Courier
    provider_for: ProviderFor


def init_app(app: Flask) -> None:
    """Keep the time by the database's clock."""
    app.before_request(_follow_clock)


def _follow_clock() -> None:
    clock = services().clock
    if isinstance(clock, DatabaseClock) and clock.is_stale and request.endpoint != "static":
        clock.follow(db.session())


def services() -> Services:
    """The current app's services."""
    return services_of(current_app)


def services_of(app: Flask) -> Services:
    """The app's services."""
    return cast("Services", app.extensions["keyturn"])


def config() -> Config:
    """The settings."""
    return services().config


def keyring() -> Keyring:
    """The keyring that opens the projects' data keys."""
    return services().keyring


def courier() -> Courier:
    """The way to the workers. To be used after the commit, for a worker reads what was committed."""
    return services().courier


def provider_for(kind: str, access: Access) -> Provider:
    """A provider that asks AWS by this access: for checks, which change nothing."""
    return services().provider_for(kind, access)


def now() -> datetime:
    """The present moment, aware and in UTC. Views take the time from here, so that tests can move it."""
    return services().clock.now()

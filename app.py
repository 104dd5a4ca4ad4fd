"""The web application: the one place where its parts are wired."""

from __future__ import annotations

from types import TracebackType

from flask import Flask
from htmx_flask import Htmx
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

import api
import database
import views
from config import Config
from crypto import Keyring
from jobs.queue import Courier, connect
from rotation import providers
from rotation.clock import Clock, DatabaseClock
from views.frame import away, chrome, errors, identity, limits, security, services, times
from views.frame.services import ProviderFor, Services

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Keyturn(Flask):
    """Flask, but what it logs of an unhandled exception holds no values."""

    def log_exception(self, exc_info: ExcInfo) -> None:
        """Log where it happened, under the reference that the page shows."""
        errors.log_without_values(exc_info)


def create_app(config: Config, clock: Clock | None = None, provider_for: ProviderFor | None = None) -> Flask:
    """The app for these settings. Raises crypto.MasterKeyError when there is no usable master key.

    The database's schema must be there or be made before the first request (`migrations`).
    """
    app = Keyturn(__name__)
    keyring = Keyring.load(config.master_key, config.instance / "master.key")
    app.extensions["keyturn"] = Services(
        config,
        keyring,
        clock or DatabaseClock(),
        Courier(connect(config.redis)),
        provider_for or providers.provider_for,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    Htmx(app)
    database.init_app(app, config)
    security.init_app(app)
    limits.init_app(app)
    services.init_app(app)
    identity.init_app(app)
    times.init_app(app)
    chrome.init_app(app)
    errors.init_app(app)
    away.init_app(app)
    views.register(app)
    api.register(app)
    if config.trust_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1)  # type: ignore[method-assign]
    return app

"""How often one may try. Counted in Redis for all web processes, in this one's memory while Redis is away."""

from __future__ import annotations

from flask import Flask, g
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address

from views.frame.services import config

limiter = Limiter(
    get_remote_address,
    key_prefix="keyturn",
    strategy="fixed-window",
    in_memory_fallback_enabled=True,
)
_TIMEOUT_S = 2
_OF_ADDRESS, _OF_NAME = "password-address", "password-name"


def init_app(app: Flask) -> None:
    """Connect the limiter to the configured Redis."""
    with app.app_context():
        uri = config().redis
    app.config["RATELIMIT_STORAGE_URI"] = f"redis+{uri}" if uri.startswith("unix:") else uri
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {
        "socket_connect_timeout": _TIMEOUT_S,
        "socket_timeout": _TIMEOUT_S,
    }
    limiter.init_app(app)


def allow_try(name: str) -> bool:
    """Count one try of a password for this user name (whether there is such a user or not) from this address.

    False when it is one too many for either: 10 in 5 minutes for a name, 40 for an address.
    """
    g.password_for = name
    try:
        _count_try()
    except RateLimitExceeded:
        return False
    return True


def tries_left() -> int:
    """How many tries are left after the one that this request counted."""
    return min(limit.remaining for limit in limiter.current_limits)


def forget_tries() -> None:
    """After a right password, the wrong ones before it count no longer for this user name.

    For the address they do: who has an account could guess at all others else, signing in to it in between.
    """
    for limit in limiter.current_limits:
        if _OF_NAME in limit.request_args:
            limiter.limiter.clear(limit.limit, *limit.request_args)


@limiter.shared_limit("40 per 5 minutes", scope=_OF_ADDRESS)
@limiter.shared_limit("10 per 5 minutes", scope=_OF_NAME, key_func=lambda: g.password_for)
def _count_try() -> None:
    """Flask-Limiter counts where it decorates."""

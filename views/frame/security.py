"""What the browser is allowed: content policy, cookies, host names, sizes, and no posts from elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from flask_wtf.csrf import CSRFProtect

from views.frame.services import config, keyring

BODY_LIMIT = 1024 * 1024
"""Bytes of a request's body; a pasted `.env` text of many long values fits."""

CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_ONE_YEAR_S = 365 * 24 * 60 * 60
_ONE_HOUR_S = 60 * 60

csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    """Set the limits and headers of every request and answer."""
    with app.app_context():
        key = keyring().derived("web: signed cookies")
        secure = uses_https()
    app.config.update(
        SECRET_KEY=key,
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
        SESSION_COOKIE_NAME=cookie_name("form", key, secure=secure),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        # A token holds as long as its session: a page that was open over night still works.
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.before_request(_check_host)
    csrf.init_app(app)
    app.after_request(_add_headers)


def uses_https() -> bool:
    """Whether people reach Keyturn over HTTPS only, so that cookies may say so."""
    return config().secure_cookies or config().url.startswith("https:")


def cookie_name(purpose: str, key: bytes, *, secure: bool) -> str:
    """A cookie's name that differs between installations: browsers share cookies between the ports of a host."""
    return f"{'__Host-' if secure else ''}keyturn-{purpose}-{key[:3].hex()}"


def _check_host() -> None:
    try:
        host = urlsplit(f"//{request.host}").hostname
    except ValueError:
        host = None
    if host not in config().hosts:
        abort(400, "This host name isn't one of Keyturn's. KEYTURN_URL and KEYTURN_ALLOWED_HOSTS say which are.")


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if uses_https():
        response.headers.setdefault("Strict-Transport-Security", f"max-age={_ONE_YEAR_S}")
    if request.endpoint == "static":
        # A static address with a version never changes its content.
        age = f"max-age={_ONE_YEAR_S}, immutable" if "v" in request.args else f"max-age={_ONE_HOUR_S}"
        response.headers["Cache-Control"] = f"public, {age}"
    else:
        response.headers.setdefault("Cache-Control", "no-store")
    return response

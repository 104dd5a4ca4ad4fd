"""What is asked of the server, over one connection that is kept."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3

from keyturn.login import Login
from keyturn.problems import NotReady, Problem, Refused, Unreachable

Query = dict[str, str | list[str]]

LONGEST_WAIT_S = 30
"""So long at most the server holds an answer."""
_TIMEOUT_S = 10.0
_WAIT_MARGIN_S = 10.0
"""What a held answer may come late, before the connection counts as lost."""


class Server:
    """Keyturn's API with a service token. Whatever goes wrong is raised as one of keyturn.problems."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._pool = _pool(login.url)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._login.url

    def get(self, path: str, query: Query | None = None) -> Any:
        """The JSON that the address answers with."""
        return self._ask("GET", path, query).json()

    def pages(self, path: str, what: str) -> list[Any]:
        """The whole of a list that the server answers a page at a time."""
        found: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            page = self.get(path, {"cursor": cursor} if cursor else None)
            found += page[what]
            cursor = page["next_cursor"]
        return found

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """What is answered to this JSON."""
        return self._ask("POST", path, json=body or {}).json()

    def get_if_changed(
        self, path: str, query: Query | None = None, etag: str = "", wait_s: int = 0
    ) -> tuple[Any, str] | None:
        """The JSON and its ETag, or None while nothing has changed since `etag`; waits up to `wait_s` for a change."""
        headers = {"If-None-Match": etag} if etag else {}
        asked: Query = {**(query or {}), **({"wait": str(wait_s)} if wait_s and etag else {})}
        response = self._ask("GET", path, asked, headers=headers, timeout=wait_s + _WAIT_MARGIN_S)
        if response.status == 304:  # noqa: PLR2004 - HTTP's "not modified"
            return None
        return response.json(), response.headers.get("ETag", "")

    def _ask(
        self, method: str, path: str, query: Query | None = None, headers: dict[str, str] | None = None,
        json: Any = None, timeout: float = _TIMEOUT_S,
    ) -> urllib3.BaseHTTPResponse:  # fmt: skip
        url = f"{self._login.url}{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
        sent = {"Authorization": f"Bearer {self._login.token}", "Accept": "application/json", **(headers or {})}
        try:
            response = self._pool.request(
                method, url, headers=sent, json=json, redirect=False,
                timeout=urllib3.Timeout(connect=_TIMEOUT_S, read=timeout),
            )  # fmt: skip
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(f"{self._login.url} doesn't answer: {_cause(error)}.") from None
        if response.status >= 300 and response.status != 304:  # noqa: PLR2004 - HTTP's "not modified"
            raise _problem(response, self._login.url)
        return response


def _pool(url: str) -> urllib3.PoolManager:
    """One connection, by the proxy that `https_proxy`, `http_proxy` and `no_proxy` name, if any."""
    parts = urlsplit(url)
    # Reading is safe to repeat, and a kept connection may have been closed by the other side. Answers stand.
    retries = urllib3.Retry(1, status=0, allowed_methods=["GET"], respect_retry_after_header=False)
    settings: dict[str, Any] = {"maxsize": 1, "retries": retries}
    proxy = _proxy(parts.scheme, parts.hostname or "")
    return (
        urllib3.ProxyManager(proxy, num_pools=1, **settings) if proxy else urllib3.PoolManager(num_pools=1, **settings)
    )


def _proxy(scheme: str, host: str) -> str | None:
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    # Slow to import, which `keyturn credentials` would pay each time.
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415

    return None if proxy_bypass(host) else getproxies().get(scheme)


def _cause(error: Exception) -> str:
    """The innermost reason, without the address, which may be long, and without headers."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, Exception):
        return _cause(reason)
    return str(error).rpartition(": ")[2].rstrip(".") or type(error).__name__


def _problem(response: urllib3.BaseHTTPResponse, url: str) -> Problem:
    try:
        told = response.json()
        text = f"{told['title']}: {told['detail']}"
    except (ValueError, KeyError, TypeError):
        return Unreachable(f"{url} answers with HTTP {response.status}, and not as Keyturn does.")
    kinds = {401: Refused, 403: Refused, 429: Refused, 503: NotReady}
    return kinds.get(response.status, Problem)(text)

"""A person with a browser, as far as HTTP goes."""

from __future__ import annotations

import http.client
import http.cookiejar
import re
import time
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from sqlalchemy.orm import Session

from bench.running import Instance
from models.people import create_user

_NAME, _PASSWORD = "visitor", "a row of unrelated words"


class Visitor:
    """Signed in as an administrator, over one connection that stays open."""

    def __init__(self, at: Instance, port: int) -> None:
        with Session(at.engine) as session, session.begin():
            create_user(session, _NAME, _PASSWORD, datetime.now(UTC), is_admin=True)
        self._cookies = {"Cookie": _sign_in(f"http://127.0.0.1:{port}")}
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def get(self, path: str) -> bytes:
        """The page's bytes. Raises ValueError when it isn't there."""
        self._connection.request("GET", path, headers=self._cookies)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != HTTPStatus.OK:
            raise ValueError(f"{path}: {answer.status}")
        return body

    def time(self, path: str) -> float:
        """How long the page takes, in seconds."""
        started = time.perf_counter()
        self.get(path)
        return time.perf_counter() - started


def _sign_in(url: str) -> str:
    """Sign in and return the cookies."""
    jar = http.cookiejar.CookieJar()
    browser = build_opener(HTTPCookieProcessor(jar))
    page = browser.open(f"{url}/login").read().decode()
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    if token is None:
        raise ValueError("the sign-in page has no form")
    form = {"csrf_token": token[1], "name": _NAME, "password": _PASSWORD}
    browser.open(f"{url}/login", urlencode(form).encode()).read()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)

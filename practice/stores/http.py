"""A receiver of one's own: takes `{"values": {...}}` at /keys from who has the token, and remembers the values."""

from __future__ import annotations

from collections.abc import Mapping

from practice.stores.server import Asked, StandIn, Told


class Receiver(StandIn):
    """Tokens, and whether each may write."""

    def __init__(self, tokens: Mapping[str, bool], port: int = 0) -> None:
        super().__init__(port)
        self.tokens = dict(tokens)
        self.values: dict[str, str] = {}

    def answer(self, asked: Asked) -> Told:
        """Errors are told by RFC 9457."""
        if asked.path != ("keys",):
            return _problem(404, "Nothing is here")
        if asked.method not in {"POST", "PUT", "PATCH"}:
            return _problem(405, "Only POST, PUT and PATCH")
        if asked.bearer not in self.tokens:
            return _problem(401, "No such token")
        if not self.tokens[asked.bearer]:
            return _problem(403, "This token may only look")
        return self._take(asked)

    def _take(self, asked: Asked) -> Told:
        if asked.headers.get("content-type") != "application/json":
            return _problem(415, "Only application/json")
        try:
            body = asked.json()
        except ValueError:
            return _problem(400, "This isn't JSON")
        values = body.get("values") if isinstance(body, dict) else None
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            return _problem(422, "values: an object of texts is needed")
        self.values |= values
        return Told(204)


def _problem(status: int, detail: str) -> Told:
    return Told(status, {"type": "about:blank", "status": status, "detail": detail})

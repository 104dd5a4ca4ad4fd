"""Planted values are copied to stores that say back what they were sent: where they fail, and where they take it."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import quote

from sqlalchemy import select

from models import Connection, Copy, Destination, Environment
from practice.stores.server import Asked, Fault, StandIn, Told

COPIES = "/projects/payments/copies"
PLACES: dict[str, dict[str, str]] = {
    "http": {"at_method": "POST", "at_body": '{"values": "${*}"}'},
    "gitlab": {"at_owner": "project", "at_path": "acme/shop", "at_environment_scope": "*"},
    "aws-parameter-store": {"at_region": "", "at_tier": "Standard"},
}


class Echo(StandIn):
    """A store that answers with all it was sent, in several forms, or fails without a word."""

    status = 422

    def __init__(self) -> None:
        super().__init__()
        self.took: list[str] = []

    def answer(self, asked: Asked) -> Told:
        if asked.method == "GET":
            return Told(404, {"message": f"No such variable for {asked.headers}"})
        self.took.append(json.dumps(asked.json(), ensure_ascii=False))
        sent = [*_texts(asked.json()), *asked.headers.values()]
        forms = [form for text in sent for form in (text, json.dumps(text), quote(text), _base64(text))]
        said = {**asked.json(), "message": " ".join(forms), "error": forms}
        return Told(self.status, said, {"X-Sent": _base64(" ".join(sent))})


def copy_elsewhere(journey: Any) -> None:
    """Each kind of copy, to each store: refused with an echo, cut off, failed, and taken with an echo."""
    planted = journey.planted
    with Echo() as store:
        destinations = [_destination(journey, store, kind_id) for kind_id in PLACES]
        for destination in destinations:
            _copies(journey, destination)
        _aws_quotes(journey)
        journey.work()
        assert {copy.why for copy in _all(journey)} == {"bad-value"}
        # One for each copy that goes there.
        for fault in (Fault("drop"), Fault("cut"), Fault("instead", _sorry), Fault("drop")):
            store.spoil(fault)
        _again(journey)
        assert {copy.why for copy in _all(journey)} > {"bad-value"}
        store.status = 201
        journey.aws.clear_faults()
        _again(journey)
        took = "\n".join(store.took)
        assert all(planted[name] in took for name in ("made secret", "value", "pasted value"))
        taken = [copy for copy in _all(journey) if copy.destination_id != destinations[-1]]
        assert [(copy.why, copy.said) for copy in taken] == [("", "")] * 4


def _sorry(_asked: Asked) -> Told:
    return Told(500, b"<html>Sorry</html>")


def _destination(journey: Any, store: StandIn, kind_id: str) -> str:
    """Make one, wrongly first; its id."""
    address = {"http": "at_url", "gitlab": "at_base_url"}.get(kind_id, "")
    token, wrong = journey.planted["store's token"], journey.planted["wrong store's token"]
    before = "Authorization: Bearer " if kind_id == "http" else ""
    form = {"name": kind_id, "allows_private": "y", **PLACES[kind_id]}
    if address:
        form |= {address: f"{store.url}/api", "credential": before + token}
        wrongly = wrong if kind_id == "gitlab" else f"No header: {wrong}\nat all {wrong}"
        journey.post(f"{COPIES}/new/{kind_id}", 422, **{**form, "credential": wrongly})
        journey.post(f"{COPIES}/new/{kind_id}", 422, **{**form, "name": "no name!"})
    else:
        form |= {"connection": journey.one(select(Connection.id))}
    journey.post(f"{COPIES}/new/{kind_id}", **form)
    made = str(journey.one(select(Destination.id).where(Destination.name == kind_id)))
    journey.post(f"{COPIES}/{made}/test")
    return made


def _copies(journey: Any, destination: str) -> None:
    names = {"access_key_id": "PLANTED_ID", "secret_access_key": "PLANTED_KEY"}
    journey.post(f"{COPIES}/add", destination=destination, strategy=journey.strategy_id, **names)
    place = journey.one(select(Environment.id).where(Environment.name == "production"))
    of_path = {"environment": place, "path": "/billing", "prefix": "P_"}
    journey.post(f"{COPIES}/add?of=path", destination=destination, **of_path)


def _aws_quotes(journey: Any) -> None:
    """AWS's validation errors quote what was sent."""
    quoted = json.dumps({name: text for name, text in journey.planted.items() if name != "part of AWS's answer"})
    told = {"__type": "ValidationException", "message": f"1 validation error detected: Value {quoted} at 'value'"}
    journey.aws.fail("say", "ssm:*", times=0, status=400, body=json.dumps(told))


def _again(journey: Any) -> None:
    """Press *Copy now* at each, let a worker do it, and look at the pages."""
    for copy in _all(journey):
        journey.post(f"{COPIES}/of/{copy.id}/now")
    journey.work()
    pages = [COPIES, *{f"{COPIES}/{copy.destination_id}" for copy in _all(journey)}]
    pages += [f"/projects/payments/strategies/{journey.strategy_id}"]
    for page in pages:
        assert journey.browser.get(page).status_code == 200


def _all(journey: Any) -> list[Copy]:
    return list(journey.all(select(Copy).order_by(Copy.id)))


def _texts(told: Any) -> list[str]:
    if isinstance(told, dict):
        return [text for part in told.values() for text in _texts(part)]
    return [told] if isinstance(told, str) else []


def _base64(text: str) -> str:
    return base64.b64encode(re.sub(r"\s", " ", text).encode()).decode()

"""The description holds for every answer: made-up requests find no failure, and nothing that isn't described."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from models.secret import create_secret
from tests import turned
from tests.api import programs
from tests.fake_clock import START

CHECKS = [
    status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
EXAMPLES = 10


@pytest.fixture
def known(session, keyring, payments):
    """Ids that are there."""
    strategy = turned.strategy(session, keyring, payments, path="/")
    turned.failed(session, strategy, "throttled", at=START - timedelta(days=2))
    rotation = turned.succeeded(session, strategy, at=START - timedelta(days=1))
    secret = create_secret(
        session, payments.sealing_key(keyring), environment=payments.environments[2], path="/", name="NAME",
        value=b"a value", now=START, author="bob",
    )  # fmt: skip
    session.flush()
    return strategy, {
        "strategy_id": strategy.id, "rotation_id": rotation.id, "secret_id": secret.id, "number": 1,
        "strategy": strategy.id,
    }  # fmt: skip


@pytest.mark.parametrize("rights", [True, False], ids=["of-all-rights", "of-none"])
def test_made_up_requests_find_nothing_undescribed(app, session, known, rights):
    strategy, ids = known
    place = strategy.access_key_secret
    _, text = programs.token(
        session, *([strategy] if rights else []), rotates=rights, reads_secrets=rights, writes_secrets=rights,
        project_id=place.project_id, environment_id=place.environment_id,
    )  # fmt: skip
    session.commit()
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    for found in schema.get_all_operations():
        _try(found.ok(), ids, text)


def _try(operation, ids, text):
    @settings(
        max_examples=EXAMPLES, phases=[Phase.generate], database=None, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(), there=st.booleans())
    def trying(case, there):
        if there:
            case.path_parameters = {name: ids[name] for name in case.path_parameters or {}}
        response = case.call(headers={"Authorization": f"Bearer {text}"})
        assert response.status_code in {503, *range(200, 500)}, "described is no failure of Keyturn's own"
        case.validate_response(response, checks=CHECKS)

    trying()


def test_has_every_address(app, client):
    told = client.get("/api/openapi.json").json
    assert told["openapi"].startswith("3.1")
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    there = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in rules
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    operations = {
        (path, method): operation
        for path, item in told["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }
    assert there == set(operations)
    for operation in operations.values():
        assert operation["summary"].endswith(".")
        assert {"401", "429", "503"} <= set(operation["responses"])


def test_is_a_page_too(bob_client, client):
    page = bob_client.get("/docs/api").text
    assert "GET /api/v1/secrets" in page
    assert "next_cursor" in page
    assert "Some fields can&#39;t be right: <code>errors</code> says which." in page
    assert "<script>" not in page
    assert client.get("/docs/api").status_code == 302

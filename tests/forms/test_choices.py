"""Choices in the one form that every WTForms of ours takes: tuples and dictionaries go with version 3.4."""

from __future__ import annotations

from datetime import UTC
from types import SimpleNamespace

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import SelectChoice

from forms.account import Rights, Settings
from forms.audit import AuditFilter
from forms.secrets import MoveSecrets

ONE = SimpleNamespace(id="1", name="payments")


@pytest.fixture
def forms(app):
    with app.test_request_context():
        log = AuditFilter(MultiDict({"actor": "gone"}))
        log.offer(["ana", "schedule"], UTC)
        rights, move = Rights(), MoveSecrets()
        rights.offer([ONE])
        move.offer([SimpleNamespace(id=1, name="TOKEN")], [ONE])
        yield [Settings(), log, rights, move]


def test_are_objects(forms):
    fields = [field for form in forms for field in form if getattr(field, "choices", None)]
    assert {field.name for field in fields} == {
        "time_zone", "action", "actor", "projects", "secret", "to_environment",
    }  # fmt: skip
    for field in fields:
        assert all(isinstance(choice, SelectChoice) for choice in field.choices), field.name


def test_the_actions_are_grouped(forms):
    html = str(forms[1].action())
    assert html.index(">All actions<") < html.index('<optgroup label="Secrets">') < html.index(">secret.reveal<")
    assert html.count("<optgroup") == html.count("</optgroup>") == 11
    assert [choice.value for choice in forms[1].actor.choices] == ["", "ana", "schedule", "gone"]

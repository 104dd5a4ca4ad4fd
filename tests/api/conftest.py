from __future__ import annotations

import pytest

from models.secret import create_secret
from tests import turned
from tests.api import programs
from tests.fake_clock import START


@pytest.fixture
def add(session, keyring, payments):
    """Adds a secret."""

    def adding(name, value="a value", path="/", environment="production", project=payments):
        place = next(each for each in project.environments if each.name == environment)
        return create_secret(
            session, project.sealing_key(keyring), environment=place, path=path, name=name,
            value=value if isinstance(value, bytes) else value.encode(), now=START, author="bob",
        )  # fmt: skip

    return adding


@pytest.fixture
def billing(session, keyring, payments):
    """A strategy at /billing-api of production."""
    return turned.strategy(session, keyring, payments, "billing-api")


@pytest.fixture
def other(session, keyring, payments):
    """Another one, at /log-shipper."""
    return turned.strategy(session, keyring, payments, "log-shipper")


@pytest.fixture
def theirs(session, keyring, charlie):
    """One of another project."""
    from models import Project

    project = session.query(Project).filter_by(name="data-platform").one()
    return turned.strategy(session, keyring, project, "their-api")


@pytest.fixture
def text(session, billing):
    """The text of a token of all rights at / and below, for `billing`."""
    return programs.everything(session, billing)[1]

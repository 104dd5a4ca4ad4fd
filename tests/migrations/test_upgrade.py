"""The schema, brought up to date by any number of processes at once, is what the models say."""

from __future__ import annotations

import subprocess
import sys

import pytest
from alembic import command
from sqlalchemy import inspect, text

import migrations
from models import Base
from models.engine import open_database
from tests.processes.processes import ROOT

FOUR_AT_ONCE = """
import os, sys
import migrations
from models.engine import open_database

reading, writing = os.pipe()
children = []
for _ in range(4):
    child = os.fork()
    if not child:
        os.close(writing)
        os.read(reading, 1)
        migrations.upgrade(open_database(sys.argv[1]))
        os._exit(0)
    children.append(child)
os.close(writing)
sys.exit(any(os.waitpid(child, 0)[1] for child in children))
"""


@pytest.fixture
def engine(database_url):
    made = open_database(database_url)
    yield made
    made.dispose()


def test_four_processes_at_once_make_one_schema(engine, database_url):
    subprocess.run([sys.executable, "-c", FOUR_AT_ONCE, database_url], cwd=ROOT, check=True)
    with engine.connect() as connection:
        assert migrations.is_current(connection)
        assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1
        assert set(inspect(connection).get_table_names()) == {*Base.metadata.tables, "alembic_version"}


def test_the_migrations_make_what_the_models_have(engine):
    migrations.upgrade(engine)
    config = migrations._config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.check(config)


def test_a_current_schema_is_left_alone(engine):
    migrations.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO heartbeats (name, at) VALUES ('sweep', '2026-11-24 12:00:00')"))
    migrations.upgrade(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT name FROM heartbeats")) == "sweep"


def test_an_empty_database_is_not_current(engine):
    with engine.connect() as connection:
        assert not migrations.is_current(connection)


def test_the_way_back_leaves_nothing(engine):
    migrations.upgrade(engine)
    config = migrations._config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        connection.commit()
        assert inspect(connection).get_table_names() == ["alembic_version"]

"""Keyturn as a person starts it: `keyturn` commands over real processes, in a folder of the test's own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from config import Config
from crypto import Keyring
from models.engine import open_database
from practice.seed import PracticeAws
from rotation.provider import KeyPair
from tests.processes.processes import Run

KEYTURN = (sys.executable, "-m", "cli")


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """The surroundings without Keyturn's settings but these."""
    names = {row.metadata["env"] for row in fields(Config)}
    outer = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in names}
    return {**outer, "KEYTURN_INSTANCE": str(folder), "PORT": "0", **settings}


class Demo(Run):
    """A running demo and what it wrote for scripts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "demo"
        super().__init__((*KEYTURN, "demo"), folder.with_suffix(".log"), environment(folder))
        self.line("Ctrl-C ends the demo.")
        self.engine: Engine = open_database(f"sqlite:///{self.folder / 'keyturn.db'}")
        self.keyring = Keyring.from_file(self.folder / "master.key")

    @property
    def facts(self) -> Mapping[str, Any]:
        """What demo.json says now."""
        return json.loads((self.folder / "demo.json").read_text())

    @property
    def aws(self) -> PracticeAws:
        """Its practice AWS, with the manager's key for root's."""
        facts, manager = self.facts["aws"], self.facts["manager"]
        pair = KeyPair(manager["access_key_id"], manager["secret_access_key"])
        return PracticeAws(facts["endpoint_url"], facts["account_id"], pair, facts["region"])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    run = Demo(tmp_path_factory.mktemp("instance"))
    yield run
    run.engine.dispose()
    run.close()

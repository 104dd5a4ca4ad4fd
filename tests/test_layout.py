"""How the code is laid out: limits of size, and who may do what. STYLE of the house, as tests."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.processes.processes import ROOT

PACKAGES = (
    "api",
    "backup",
    "crypto",
    "forms",
    "jobs",
    "migrations",
    "models",
    "practice",
    "rotation",
    "supervisor",
    "views",
)
MODULES = ("app.py", "cli.py", "config.py", "database.py")
FOLDERS = (*PACKAGES, "bench", "docs", "soak", "static", "templates", "tests")
NOT_OURS = {"__pycache__", "vendor", "versions"}
TOO_FULL = {"supervisor": 17, "templates/secrets": 17, "views": 16}
FILE_LINES, FILE_LINES_P90, FUNCTION_LINES, FOLDER_FILES = 400, 200, 50, 15


def files(folder: str, pattern: str = "*") -> list[Path]:
    found = (path for path in (ROOT / folder).rglob(pattern) if path.is_file())
    return sorted(path for path in found if not NOT_OURS & set(path.relative_to(ROOT).parts))


def code() -> list[Path]:
    """What Keyturn runs on."""
    return [ROOT / name for name in MODULES] + [path for name in PACKAGES for path in files(name, "*.py")]


def everything() -> list[Path]:
    return code() + [path for name in ("bench", "docs", "soak", "tests") for path in files(name, "*.py")]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def told(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_files_are_short():
    assert {told(path): lines(path) for path in everything() if lines(path) > FILE_LINES} == {}


def test_nine_files_of_ten_are_very_short():
    sizes = sorted(lines(path) for path in code())
    assert sizes[len(sizes) * 9 // 10] < FILE_LINES_P90


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its lines without its docstring."""
    first = function.body[0]
    docstring = first if ast.get_docstring(function) is not None else None
    return function.end_lineno - function.lineno + 1 - (docstring.end_lineno - docstring.lineno + 1 if docstring else 0)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_functions_are_short():
    long = {
        f"{told(path)}:{function.name}": length(function)
        for path in everything()
        for function in functions(path)
        if length(function) > FUNCTION_LINES
    }
    assert long == {}


def test_folders_hold_what_one_can_take_in():
    counted: dict[str, int] = {}
    for path in (path for folder in FOLDERS for path in files(folder)):
        counted[told(path.parent)] = counted.get(told(path.parent), 0) + 1
    assert {folder: number for folder, number in counted.items() if number > TOO_FULL.get(folder, FOLDER_FILES)} == {}


def calls(path: Path) -> set[str]:
    """The names of the methods that are called in it."""
    nodes = (node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def imports(path: Path) -> set[str]:
    """The top packages that it imports."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("path", [*files("views", "*.py"), *files("api", "*.py")], ids=told)
def test_a_view_parses_asks_and_renders(path):
    assert "flush" not in calls(path), "when rows are written is the models' business"
    assert not {"boto3", "botocore", "sqlite3", "psycopg", "rq"} & imports(path)


def test_what_runs_knows_no_tests():
    assert [told(path) for path in code() if {"tests", "bench", "docs", "pytest", "soak"} & imports(path)] == []


ONLY_SAID = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def only_says(node: ast.stmt) -> bool:
    """Whether the statement says what there is: a definition, a docstring, a condition, or what a blueprint is told."""
    if isinstance(node, ast.Expr):
        blueprint = any(isinstance(part, ast.Name) and part.id == "bp" for part in ast.walk(node))
        return isinstance(node.value, ast.Constant) or blueprint
    return isinstance(node, ONLY_SAID) or (isinstance(node, ast.If) and isinstance(node.test, ast.Compare | ast.Name))


def test_modules_only_say_what_there_is():
    """No loops, no calls for their effect."""
    modules = [path for path in code() if told(path) != "migrations/env.py"]  # Alembic runs that one
    doing = [f"{told(path)}:{node.lineno}" for path in modules for node in tree(path).body if not only_says(node)]
    assert doing == []


IMPORT_ALL = """
import importlib, os, sys, threading

def watch(event, arguments):
    written = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if written or event in {"socket.connect", "subprocess.Popen", "sqlite3.connect", "os.fork", "os.mkdir"}:
        print(event, arguments[0], file=sys.stderr)
        os._exit(1)

sys.addaudithook(watch)
for name in sys.argv[1:]:
    importlib.import_module(name)
assert threading.active_count() == 1
"""


def test_importing_opens_nothing():
    """No connection, no file to write, no process, no thread: only a function that is called does anything."""
    names = [told(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in code()]
    names = [name for name in names if name not in {"migrations.env", "practice.__main__"}]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = (sys.executable, "-c", IMPORT_ALL, *names)
    run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_every_route_is_named_in_a_test(app):
    texts = "\n".join(
        path.read_text() for path in [*files("tests/views", "test_*.py"), *files("tests/api", "test_*.py")]
    )
    missing = []
    for rule in app.url_map.iter_rules():
        last = [part for part in rule.rule.split("/") if not part.startswith("<")][-1]
        named = rf"[/\"']{re.escape(last)}\b" if last else r'"/"'
        if rule.endpoint != "static" and not re.search(named, texts):
            missing.append(f"{rule.endpoint} {rule.rule}")
    assert missing == []

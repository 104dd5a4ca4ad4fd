"""The templates: short, without script or style inside, each used, each with its view, each of use without script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import views
from tests.processes.processes import ROOT

FOLDER = ROOT / "templates"
TEMPLATES = sorted(FOLDER.rglob("*.html"))
LINES = 150
SHARED = {"macros", "errors"}
TAG = re.compile(r"<([a-z][a-z0-9-]*)((?:\{\{.*?\}\}|\{%.*?%\}|[^<>{])*)>", re.DOTALL)
ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*("(?:\{\{.*?\}\}|[^"])*"|'[^']*')""", re.DOTALL)
NAME = re.compile(r"""["']([\w/{}]+\.html)["']""")
UNWANTED = re.compile(r"\b(please|sorry|oops|successfully)\b|[a-z]!(?!=)", re.IGNORECASE)


def told(path: Path) -> str:
    return str(path.relative_to(FOLDER))


def tags(path: Path) -> list[tuple[str, dict[str, str]]]:
    """The tags with their attributes, as they are written."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    found = TAG.findall(text)
    return [(name, {key: value[1:-1] for key, value in ATTRIBUTE.findall(inside)}) for name, inside in found]


each = pytest.mark.parametrize("path", TEMPLATES, ids=told)


def test_they_are_short():
    assert [told(path) for path in TEMPLATES if len(path.read_text().splitlines()) > LINES] == []


@each
def test_no_script_and_no_style_inside(path):
    for name, attributes in tags(path):
        assert name != "style"
        assert name != "script" or "src" in attributes
        assert not [key for key in attributes if key == "style" or key.startswith(("on", "hx-on", "hx-vals"))]
        assert not [value for value in attributes.values() if value.lstrip().lower().startswith(("javascript:", "js:"))]


def by_itself(attributes: dict[str, str]) -> bool:
    """Whether htmx asks without a click: while one types, or again and again."""
    return bool(re.search(r"\b(load|every|revealed|input|change)\b", attributes.get("hx-trigger", "")))


@each
def test_what_htmx_posts_a_form_posts_as_well(path):
    for name, attributes in tags(path):
        if "hx-post" in attributes and not (by_itself(attributes) and name in {"input", "select", "textarea", "div"}):
            assert name in {"form", "button"}, attributes
            same = attributes.get("action" if name == "form" else "formaction")
            assert same == attributes["hx-post"], attributes
            assert name == "button" or attributes.get("method") == "post"


@each
def test_what_htmx_gets_by_a_click_a_link_gets_as_well(path):
    for name, attributes in tags(path):
        if "hx-get" in attributes and not by_itself(attributes):
            plain = {"a": "href", "form": "action", "button": "formaction"}.get(name)
            assert plain, f"<{name}> gets {attributes['hx-get']}"
            assert attributes.get(plain), attributes


def test_every_one_is_used():
    sources = [*TEMPLATES, *(ROOT / "views").rglob("*.py"), *(ROOT / "api").rglob("*.py")]
    named = {name for source in sources for name in NAME.findall(source.read_text())}
    patterns = [re.compile(re.sub(r"\\\{.*?\\\}", r"\\w+", re.escape(name))) for name in named]
    there = {told(path) for path in TEMPLATES}
    assert {name for name in there if not any(pattern.fullmatch(name) for pattern in patterns)} == set()
    assert {name for name in named if "{" not in name} - there == set()


def test_a_folder_for_each_family_of_pages_and_no_other():
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir()} - SHARED
    assert folders == {"api", *(bp.name for bp in views.BLUEPRINTS)}


@each
def test_partials_are_included_from_where_they_are(path):
    """A partial of another folder may be included, never copied: one file for one fragment."""
    same = [other for other in TEMPLATES if other != path and other.read_text() == path.read_text()]
    assert same == []


@each
def test_the_words_are_the_houses(path):
    text = re.sub(r"\{[#{%].*?[#}%]\}|<!--.*?-->|<[^>]*>", " ", path.read_text(), flags=re.DOTALL)
    assert UNWANTED.findall(text) == []

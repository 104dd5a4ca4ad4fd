"""The pages of docs/ say what the code says."""

import re
from pathlib import Path

import pytest

from docs import generate
from rotation.copies.kinds import KINDS

ROOT = Path(generate.FOLDER).parent
README_LINES = 150


@pytest.mark.parametrize("name", generate.PAGES)
def test_a_generated_page_is_current(name):
    assert (generate.FOLDER / name).read_text(encoding="utf-8") == generate.PAGES[name](), "stale: make docs"


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")], ids=lambda page: page.name)
def test_every_link_and_every_file_named_is_there(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)[)#]", text)
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", text)
    missing = [link for link in links if not (page.parent / link).exists()]
    missing += [name for name in named if not (ROOT / name).exists()]
    assert not missing


def test_every_test_that_a_promise_names_is_there():
    named = re.findall(r"`(tests/[a-z_/]+\.py)::(test_\w+)`", (ROOT / "docs/guarantees.md").read_text(encoding="utf-8"))
    assert named
    assert not [(path, name) for path, name in named if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.id)
def test_every_kind_of_store_is_described(kind):
    assert f"\n## {kind.title}\n" in (ROOT / "docs/copies.md").read_text(encoding="utf-8")

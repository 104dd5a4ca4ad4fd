"""Write the pages of docs/ that come from the code: `make docs`. `tests/test_docs.py` fails when one is stale."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from config import Config
from rotation.failures import FAILURES, Failure

FOLDER = Path(__file__).parent


def configuration() -> str:
    """docs/configuration.md, from the rows of config.Config."""
    lines = [
        "# Settings",
        "",
        "Read from the environment at start, all checked together: `keyturn check` says what is wrong. Each `NAME` can",
        "also be given as `NAME_FILE`, the path of a file that holds the value. Generated from `config.py`.",
        "",
        "| setting | default | what it does |",
        "|---|---|---|",
    ]
    for row in fields(Config):
        unit = f" In {row.metadata['unit']}." if row.metadata["unit"] else ""
        lines.append(f"| `{row.metadata['env']}` | {_default(row.default)} | {_cell(row.metadata['help'])}{unit} |")
    return "\n".join(lines) + "\n"


def _default(value: Any) -> str:
    if value is True or value is False:
        return "`yes`" if value else "`no`"
    return f"`{value}`" if value not in ("", ()) else "empty"


def errors() -> str:
    """docs/errors.md, from the closed list of failures."""
    head = [
        "# What can go wrong",
        "",
        "Every way in which a rotation or a retirement can fail, by its code. In each of them the two secrets and the",
        "published key stay as they are. Words in braces are facts of the case. Generated from `rotation/failures.py`.",
        "",
    ]
    return "\n".join(head) + "\n" + "\n".join(_section(failure) for failure in FAILURES.values())


def _section(failure: Failure) -> str:
    command = f"\n```sh\n{failure.command}\n```\n" if failure.command else ""
    section = (
        f"## {failure.code}\n\n**{failure.heading}**\n\n- Why: {failure.why}\n- What to do: {failure.what_to_do}\n"
        f"- By itself: {failure.by_itself}\n{command}"
    )
    return section.replace("{who_reads}", "programs read")  # but for the one strategy of a manager's own key


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PAGES = {"configuration.md": configuration, "errors.md": errors}


def main() -> None:
    """Write all generated pages."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()

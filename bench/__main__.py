"""`python -m bench [NAME ...]`: measure all, or what is named."""

from __future__ import annotations

import sys

from bench import due, memory, pages, rotations

_MEASURES = {"rotations": rotations.measure, "due": due.measure, "pages": pages.measure, "memory": memory.measure}


def main(names: list[str]) -> None:
    """Print each figure as it comes."""
    for name in names or _MEASURES:
        for line in _MEASURES[name]():
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

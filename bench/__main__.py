"""`python -m bench [NAME ...]`: measure all but what takes long, or what is named."""

from __future__ import annotations

import sys

from bench import burst, due, memory, pages, rotations, sweep, waiters

_MEASURES = {
    "sweep": sweep.measure,
    "rotations": rotations.measure,
    "due": due.measure,
    "pages": pages.measure,
    "memory": memory.measure,
    "waiters": waiters.measure,
}
_LONG = {"burst": burst.measure}


def main(names: list[str]) -> None:
    """Print each figure as it comes."""
    for name in names or _MEASURES:
        for line in (_MEASURES | _LONG)[name]():
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

"""All kinds of stores: the only importer of each."""

from __future__ import annotations

from rotation.copies.store import Kind

_KINDS: tuple[Kind, ...] = ()

KINDS: dict[str, Kind] = {kind.id: kind for kind in _KINDS}
"""By id, in the order in which they are offered."""

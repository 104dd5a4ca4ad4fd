"""All kinds of stores: the only importer of each."""

from __future__ import annotations

from rotation.aws import parameter_store, secrets_manager
from rotation.copies.store import Kind

KINDS: dict[str, Kind] = {kind.id: kind for kind in (secrets_manager.KIND, parameter_store.KIND)}
"""By id, in the order in which they are offered."""

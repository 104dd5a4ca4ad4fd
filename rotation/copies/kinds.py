"""All kinds of stores: the only importer of each."""

from __future__ import annotations

from rotation.aws import parameter_store, secrets_manager
from rotation.copies.store import Kind
from rotation.copies.stores import github, gitlab, http, kubernetes

_KINDS: tuple[Kind, ...] = (
    github.KIND,
    gitlab.KIND,
    kubernetes.KIND,
    secrets_manager.KIND,
    parameter_store.KIND,
    http.KIND,
)

KINDS: dict[str, Kind] = {kind.id: kind for kind in _KINDS}
"""By id, in the order in which they are offered."""

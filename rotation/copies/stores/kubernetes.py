"""Keys of a Secret in a Kubernetes cluster, and a restart of the Deployments that read it.

By the API server's REST API (https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/
secret-v1/). Each change names the version of the Secret that it goes out from, so that what somebody else does
meanwhile is seen, and no key is taken for one of Keyturn's.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from rotation.asking import Answer
from rotation.copies.answers import Talk, decoded, words
from rotation.copies.fields import address_problem, authority_problem, header_problem, pattern
from rotation.copies.store import Kind, Means, Setting, StoreError, Why

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
RESTARTED_AT: Final = "kubectl.kubernetes.io/restartedAt"
"""What `kubectl rollout restart` sets: pods of another template are replaced."""
_MERGE, _STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
_MANAGER: Final = "fieldManager=keyturn"
_READ_BYTES = 4_000_000
"""A Secret holds 1 MiB, which base64 and what is told beside it make longer."""
_TRIES = 4
_KEY_LENGTH = 253
_FULL = re.compile(
    r"exceeded quota|too long: may not be more than|too long: must have at most|request is too large", re.IGNORECASE
)
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*"

Patched = Mapping[str, Any]


class Kubernetes:
    """The keys of one Secret."""

    writes_whole = True

    def __init__(self, means: Means) -> None:
        self._settings = settings = means.settings
        self._namespace, self._name = settings["namespace"], settings["secret"]
        self._deployments = _listed(settings["restart"])
        self._secrets = f"/api/v1/namespaces/{self._namespace}/secrets"
        self._secret = f"{self._secrets}/{self._name}"
        way = replace(means.way, authority=settings["authority"].strip() or means.way.authority)
        headers = {"Authorization": f"Bearer {means.credential}"}
        self._talk = Talk(settings["server"].rstrip("/"), headers, way, [means.credential], _why, _READ_BYTES)

    def check(self) -> str:
        """Read the Secret, and ask the cluster whether the token may do what a copy does."""
        found = self._read()
        self._may("patch", "secrets", self._name)
        if found is None:
            self._may("create", "secrets", "")
        for name in self._deployments:
            self._may("patch", "deployments", name, "apps")
        place = _place(self._settings)
        there = f"may change {place}" if found else f"may make {place}, which isn't there yet"
        return f"The cluster takes the token, which {there}."

    def write(self, values: Mapping[str, str], made: Callable[[str], None]) -> None:
        """All keys at once; then, where a value is new or another one, the restarts.

        That they are due is noted at the Secret with the same change, and taken off once they are done: whoever writes
        next, and finds nothing to change, still makes up for restarts that failed.
        """
        for name in values:
            if problem := name_problem(name):
                raise StoreError(Why.BAD_VALUE, problem)
        self._talk.hide(values.values())
        wanted = {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}
        for _ in range(_TRIES):
            before = self._read()
            if before is None and not wanted:
                return
            after = self._make(wanted) if before is None else self._change(before, wanted)
            if after is not None:
                for name in wanted:
                    if name not in _data(before or {}):
                        made(name)
                self._restart(after)
                return
        raise StoreError(Why.FAILED, "Somebody else keeps changing the Secret")

    def delete(self, names: Collection[str]) -> None:
        """Take the keys out, and then the Secret itself, where Keyturn made it and nothing is left in it."""
        for _ in range(_TRIES):
            found = self._read()
            if found is None:
                return
            gone = {name: None for name in names if name in _data(found)}
            after = self._patch(found, {"data": gone}) if gone else found
            if after is not None:
                self._clear(after)
                return
        raise StoreError(Why.FAILED, "Somebody else keeps changing the Secret")

    def _read(self) -> Patched | None:
        answer = self._talk.ask("GET", self._secret, well=(HTTPStatus.OK, HTTPStatus.NOT_FOUND))
        return None if answer.status == HTTPStatus.NOT_FOUND else _secret(answer)

    def _make(self, wanted: Mapping[str, str]) -> Patched | None:
        """The Secret as it was made; None where somebody else made it meanwhile."""
        metadata = {"name": self._name, "labels": {MANAGED_BY: "keyturn"}, **self._due()}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": dict(wanted)}
        well = (HTTPStatus.CREATED, HTTPStatus.CONFLICT)
        answer = self._talk.ask("POST", f"{self._secrets}?{_MANAGER}", body, well=well)
        return None if answer.status == HTTPStatus.CONFLICT else _secret(answer)

    def _change(self, before: Patched, wanted: Mapping[str, str]) -> Patched | None:
        """The Secret as it is now; None where somebody else changed it meanwhile."""
        data = _data(before)
        other = {name: value for name, value in wanted.items() if data.get(name) != value}
        return self._patch(before, {"data": other, "metadata": self._due()}) if other else before

    def _patch(self, before: Patched, change: Mapping[str, Any]) -> Patched | None:
        metadata = {**change.get("metadata", {}), "resourceVersion": before["metadata"]["resourceVersion"]}
        body = {**change, "metadata": metadata}
        well = (HTTPStatus.OK, HTTPStatus.CONFLICT)
        answer = self._talk.ask("PATCH", f"{self._secret}?{_MANAGER}", body, well=well, content_type=_MERGE)
        return None if answer.status == HTTPStatus.CONFLICT else _secret(answer)

    def _clear(self, found: Patched) -> None:
        if _data(found) or _noted(found, "labels").get(MANAGED_BY) != "keyturn":
            return
        version = {name: found["metadata"][name] for name in ("uid", "resourceVersion")}
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": version}
        # Where the token may not delete, an empty Secret stays; where somebody has just written into it, theirs does.
        well = (HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
        self._talk.ask("DELETE", self._secret, body, well=well)

    @property
    def _mark(self) -> str:
        """The note that restarts are due: one for each list, since several copies may write one Secret."""
        return "keyturn/restart-" + hashlib.sha256(",".join(self._deployments).encode()).hexdigest()[:12]

    def _due(self) -> dict[str, Any]:
        if not self._deployments:
            return {}
        return {"annotations": {self._mark: datetime.now(UTC).isoformat().replace("+00:00", "Z")}}

    def _restart(self, found: Patched) -> None:
        due = _noted(found, "annotations").get(self._mark)
        if due is None:
            return
        annotations = {"annotations": {RESTARTED_AT: due}}
        body = {"spec": {"template": {"metadata": annotations}}}
        failures = []
        for name in self._deployments:
            path = f"/apis/apps/v1/namespaces/{self._namespace}/deployments/{name}?{_MANAGER}"
            try:
                self._talk.ask("PATCH", path, body, content_type=_STRATEGIC)
            except StoreError as error:
                failures.append(StoreError(error.why, f"Restart of {name}: {error.said}", error.retry_after_s))
        if failures:
            raise failures[0]
        self._patch(found, {"metadata": {"annotations": {self._mark: None}}})

    def _may(self, verb: str, resource: str, name: str, group: str = "") -> None:
        """Raises StoreError where the token may not do it."""
        wish = {"namespace": self._namespace, "verb": verb, "group": group, "resource": resource, "name": name}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": wish},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        status = decoded(self._talk.ask("POST", path, body, well=(HTTPStatus.CREATED,))).get("status")
        if not isinstance(status, dict) or status.get("allowed") is not True:
            what = f"{resource} {name}".strip()
            raise StoreError(Why.FORBIDDEN, f"The token may not {verb} {what} in namespace {self._namespace}")


def _secret(answer: Answer) -> Patched:
    """The Secret in an answer. Raises StoreError where there is none."""
    found = decoded(answer)
    metadata = found.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(found.get("data") or {}, dict):
        raise StoreError(Why.FAILED, "The answer holds no Secret")
    if not all(isinstance(metadata.get(name), str) for name in ("uid", "resourceVersion")):
        raise StoreError(Why.FAILED, "The answer holds no Secret")
    return found


def _data(secret: Patched) -> Mapping[str, str]:
    return secret.get("data") or {}


def _noted(secret: Patched, name: str) -> Mapping[str, str]:
    noted = secret["metadata"].get(name)
    return noted if isinstance(noted, dict) else {}


def _why(answer: Answer) -> Why | None:
    return Why.FULL if _FULL.search(words(answer)) else None


def _listed(text: str) -> list[str]:
    return sorted({name.strip() for name in text.split(",") if name.strip()})


def _restart_problem(text: str) -> str | None:
    if all(re.fullmatch(_NAME, name) for name in _listed(text)):
        return None
    return "Give names with commas between, such as api, worker."


def name_problem(name: str) -> str | None:
    """Why a Secret can have no key of this name (https://kubernetes.io/docs/concepts/configuration/secret/)."""
    if re.fullmatch(r"(?!\.{1,2}$)(?!\.\.)[A-Za-z0-9_.-]+", name) and len(name) <= _KEY_LENGTH:
        return None
    return f"Kubernetes takes letters, digits, -, _ and . in a key, {_KEY_LENGTH} at most, and no .. at its beginning."


def _place(settings: Mapping[str, str]) -> str:
    return f"Secret {settings['secret']} in namespace {settings['namespace']}"


KIND = Kind(
    id="kubernetes",
    title="Kubernetes",
    about="Keys of a Secret. The token needs get and patch for it, and create where Keyturn is to make it.",
    settings=(
        Setting(
            "server",
            "API server",
            "As in the kubeconfig, such as https://10.0.0.1:6443.",
            leads=True,
            problem=address_problem,
        ),
        Setting(
            "authority",
            "Certificate authority",
            "The cluster's own, as PEM: certificate-authority-data of the kubeconfig, decoded. Empty for a public one.",
            is_long=True,
            leads=True,
            problem=authority_problem,
        ),
        Setting(
            "namespace",
            "Namespace",
            default="default",
            problem=pattern(_LABEL, "A namespace has small letters, digits and -, 63 at most."),
        ),
        Setting(
            "secret",
            "Secret",
            "Made where it isn't there. Keys that others wrote into it stay.",
            problem=pattern(_NAME, "A Secret's name has small letters, digits, - and ."),
        ),
        Setting(
            "restart",
            "Deployments to restart",
            "Names, with commas between. Only when a value is another one than before; the token needs patch for them.",
            problem=_restart_problem,
        ),
    ),
    make=Kubernetes,
    credential_label="Token",
    credential_hint="Of a service account: kubectl create token keyturn --duration 8760h.",
    credential_problem=header_problem,
    place=_place,
    name_problem=name_problem,
)

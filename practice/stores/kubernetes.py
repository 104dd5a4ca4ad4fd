"""Secrets and Deployments of a cluster, as https://kubernetes.io/docs/reference/kubernetes-api/ describes them.

A token has rules such as `patch secrets`, in every namespace. Unlike a cluster, it always refuses unknown fields, as
one does that is asked with `fieldValidation=Strict`.
"""

from __future__ import annotations

import base64
import copy
import re
import ssl
from collections.abc import Collection, Mapping
from typing import Any
from uuid import uuid4

from practice.stores.server import Asked, StandIn, Told

MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
_DATA_BYTES = 1024 * 1024
_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    415: "UnsupportedMediaType",
    422: "Invalid",
}
_FIELDS = {"apiVersion", "kind", "metadata", "type", "data", "immutable"}
_METADATA = {"name", "namespace", "labels", "annotations", "uid", "resourceVersion"}


class Kubernetes(StandIn):
    """A cluster with the namespace `shop`, and in it the Deployments `api` and `worker`."""

    def __init__(self, tokens: Mapping[str, Collection[str]], port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(port, tls)
        self.tokens = dict(tokens)
        self.namespaces = {"shop"}
        self.secrets: dict[tuple[str, str], dict[str, Any]] = {}
        self.deployments: dict[tuple[str, str], dict[str, Any]] = {
            ("shop", name): {
                "kind": "Deployment",
                "metadata": {"name": name, "generation": 1},
                "spec": {"template": {}},
            }
            for name in ("api", "worker")
        }
        self._version = 100

    def put(self, namespace: str, name: str, data: Mapping[str, str], labels: Mapping[str, str] | None = None) -> None:
        """A Secret, or more keys of one, as a person writes them by hand."""
        there = self.secrets.setdefault((namespace, name), self._new(namespace, name, labels or {}))
        there["data"] |= {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        there["metadata"]["resourceVersion"] = self._next()

    def values(self, namespace: str, name: str) -> dict[str, str]:
        """What a Secret holds, decoded; nothing where there is none."""
        data = self.secrets.get((namespace, name), {}).get("data", {})
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def restarted_at(self, name: str) -> str:
        """When a Deployment was told to restart; empty: never."""
        template = self.deployments["shop", name]["spec"]["template"]
        return str(template.get("metadata", {}).get("annotations", {}).get("kubectl.kubernetes.io/restartedAt", ""))

    def answer(self, asked: Asked) -> Told:
        """What the API server says."""
        rules = self.tokens.get(asked.bearer)
        if rules is None:
            return _status(401, "Unauthorized")
        match asked.path:
            case ("api", "v1", "namespaces", namespace, "secrets", *rest):
                return self._secret(asked, rules, namespace, rest)
            case ("apis", "apps", "v1", "namespaces", namespace, "deployments", name):
                return self._deployment(asked, rules, namespace, name)
            case ("apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews") if asked.method == "POST":
                return _review(asked, rules)
        return _status(404, "the server could not find the requested resource")

    def _secret(self, asked: Asked, rules: Collection[str], namespace: str, rest: list[str]) -> Told:
        verb = {"GET": "get", "POST": "create", "PATCH": "patch", "DELETE": "delete"}.get(asked.method, "")
        name = rest[0] if rest else ""
        if f"{verb} secrets" not in rules:
            return _forbidden(verb, "secrets", name, namespace)
        if verb == "create" and not rest:
            return self._create(asked, namespace)
        there = self.secrets.get((namespace, name))
        if there is None:
            return _status(404, f'secrets "{name}" not found')
        if verb == "patch":
            return self._patch(asked, there)
        return self._delete(asked, there) if verb == "delete" else Told(200, there)

    def _create(self, asked: Asked, namespace: str) -> Told:
        body = _object(asked)
        if body is None or (body.get("apiVersion"), body.get("kind")) != ("v1", "Secret"):
            return _status(400, "the object provided is unrecognized (must be of type Secret)")
        name = str(body.get("metadata", {}).get("name", ""))
        if namespace not in self.namespaces:
            return _status(404, f'namespaces "{namespace}" not found')
        if (namespace, name) in self.secrets:
            return _status(409, f'secrets "{name}" already exists', "AlreadyExists")
        made = _merged(self._new(namespace, name, {}), body)
        refused = _refused(body, made, name)
        if refused is None:
            self.secrets[namespace, name] = made
        return refused or Told(201, made)

    def _patch(self, asked: Asked, there: dict[str, Any]) -> Told:
        name, body = there["metadata"]["name"], _object(asked)
        if asked.headers.get("content-type") != MERGE or body is None:
            return _status(
                415, "the body of the request was in an unknown format - accepted media types include: " + MERGE
            )
        if not _is_version(body.get("metadata", {}), there):
            said = "the object has been modified; please apply your changes to the latest version and try again"
            return _status(409, f'Operation cannot be fulfilled on secrets "{name}": {said}')
        changed = _merged(there, body)
        refused = _refused(body, changed, name)
        if there.get("immutable") and changed["data"] != there["data"]:
            refused = _invalid(name, "data: Forbidden: field is immutable when `immutable` is set")
        if refused is None and changed != there:
            changed["metadata"]["resourceVersion"] = self._next()
            self.secrets[there["metadata"]["namespace"], name] = changed
        return refused or Told(200, changed)

    def _delete(self, asked: Asked, there: dict[str, Any]) -> Told:
        name = there["metadata"]["name"]
        if not _is_version((_object(asked) or {}).get("preconditions", {}), there):
            return _status(409, f'Operation cannot be fulfilled on secrets "{name}": the preconditions failed')
        del self.secrets[there["metadata"]["namespace"], name]
        return Told(200, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})

    def _deployment(self, asked: Asked, rules: Collection[str], namespace: str, name: str) -> Told:
        verb = asked.method.lower()
        if f"{verb} deployments" not in rules:
            return _forbidden(verb, "deployments.apps", name, namespace)
        there = self.deployments.get((namespace, name))
        if there is None:
            return _status(404, f'deployments.apps "{name}" not found')
        body = _object(asked)
        if asked.headers.get("content-type") != STRATEGIC or body is None or set(body) != {"spec"}:
            return _status(415, f"the body of the request was in an unknown format - accepted are: {STRATEGIC}")
        changed = _merged(there, body)
        if changed != there:
            changed["metadata"]["generation"] += 1
            self.deployments[namespace, name] = changed
        return Told(200, changed)

    def _new(self, namespace: str, name: str, labels: Mapping[str, str]) -> dict[str, Any]:
        metadata: dict[str, Any] = {
            "name": name,
            "namespace": namespace,
            "uid": str(uuid4()),
            "resourceVersion": self._next(),
        }
        metadata |= {"labels": dict(labels)} if labels else {}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": {}}

    def _next(self) -> str:
        self._version += 1
        return str(self._version)


def _object(asked: Asked) -> dict[str, Any] | None:
    try:
        body = asked.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _merged(target: Any, patch: Any) -> Any:
    """RFC 7386; for what is patched here a strategic merge is the same."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = copy.deepcopy(target) if isinstance(target, dict) else {}
    for name, part in patch.items():
        if part is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), part)
    return merged


def _is_version(wanted: Mapping[str, Any], there: dict[str, Any]) -> bool:
    return all(wanted.get(name) in {None, there["metadata"][name]} for name in ("uid", "resourceVersion"))


def _refused(body: dict[str, Any], wanted: dict[str, Any], name: str) -> Told | None:
    """Why the Secret can't become what is wanted."""
    unknown = [*(set(body) - _FIELDS), *(f"metadata.{part}" for part in set(body.get("metadata", {})) - _METADATA)]
    if unknown:
        return _status(400, f'strict decoding error: unknown field "{unknown[0]}"')
    wanted.setdefault("data", {})
    size = 0
    for key, value in wanted["data"].items():
        if not re.fullmatch(r"[-._a-zA-Z0-9]{1,253}", key) or key == "." or key.startswith(".."):
            return _invalid(
                name, f'data[{key}]: Invalid value: "{key}": a valid config key must consist of alphanumeric'
            )
        try:
            size += len(base64.b64decode(value, validate=True))
        except (ValueError, TypeError):
            return _status(
                400, 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0'
            )
    return _invalid(name, "data: Too long: may not be more than 1048576 bytes") if size > _DATA_BYTES else None


def _review(asked: Asked, rules: Collection[str]) -> Told:
    body = _object(asked) or {}
    wish = body.get("spec", {}).get("resourceAttributes", {})
    if body.get("kind") != "SelfSubjectAccessReview" or set(wish) - {"namespace", "verb", "group", "resource", "name"}:
        return _status(400, "the object provided is unrecognized (must be of type SelfSubjectAccessReview)")
    is_right = wish.get("group") == {"secrets": "", "deployments": "apps"}.get(wish.get("resource"))
    return Told(201, {**body, "status": {"allowed": is_right and f"{wish['verb']} {wish['resource']}" in rules}})


def _forbidden(verb: str, resource: str, name: str, namespace: str) -> Told:
    what, _, group = resource.partition(".")
    user = 'User "system:serviceaccount:shop:keyturn"'
    said = f'cannot {verb} resource "{what}" in API group "{group}" in the namespace "{namespace}"'
    return _status(403, f'{resource} "{name}" is forbidden: {user} {said}')


def _invalid(name: str, said: str) -> Told:
    return _status(422, f'Secret "{name}" is invalid: {said}')


def _status(code: int, message: str, reason: str = "") -> Told:
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    return Told(code, {**body, "reason": reason or _REASONS[code], "code": code})

"""From a request to its answer: which key signs, whether a replica knows it, what its policies allow, then moto."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from moto import settings
from moto.iam.access_control import CreateAccessKeyFailure
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.test import EnvironBuilder, run_wsgi_app

from practice import answers, memory
from practice.account import LAST_USED, ROOT, Account, Signer, concerned
from practice.answers import Answer
from practice.behaviour import Behaviour
from practice.faults import INSTEAD, TRANSPORT, Fault, Faults
from practice.log import CallLog
from practice.policy import allows, trusted
from practice.replicas import Replicas
from practice.request import Request
from rotation.provider import KeyPair

# What everybody may do who signs.
_FREE = {"sts:GetCallerIdentity", "sts:GetSessionToken"}
_ASSUME = "sts:AssumeRole"
_MADE_KEY = re.compile(rb"<AccessKeyId>([^<]+)</AccessKeyId>")


class Layer:
    """Practice AWS without its sockets. Calls are judged and done one at a time; only their latency overlaps.

    moto checks no permission itself: it judges each policy's Resource as if the action were on `*`. With a
    `state_file`, users, keys and policies outlive the process; what was told by /practice/... doesn't.
    """

    def __init__(
        self, behaviour: Behaviour, clock: Callable[[], float] = time.monotonic, state_file: Path | None = None
    ) -> None:
        settings.INITIAL_NO_AUTH_ACTION_COUNT = sys.maxsize
        self.behaviour = behaviour
        self.faults = Faults()
        self.log = CallLog()
        self._replicas = Replicas(behaviour, clock)
        self._apps = {
            "iam": create_backend_app("iam"), "sts": create_backend_app("sts"), "s3": create_backend_app("s3"),
        }  # fmt: skip
        self._one_at_a_time = Lock()
        self._state_file = state_file
        if state_file:
            memory.recall(state_file)
        self.root: KeyPair = Account("us-east-1").root_key()

    def answer(self, request: Request, fault: Fault | None = None) -> Answer:
        """Do what is asked, unless `fault` stands before it, note the call, and answer."""
        if self.behaviour.latency_s:
            time.sleep(self.behaviour.latency_s)
        with self._one_at_a_time:
            worked = fault is None or fault.when != "before"
            answer = self._refused(request) or self._moto(request) if worked else answers.unavailable(request.service)
            key = self._key_concerned(request, answer)
            if fault and fault.kind not in TRANSPORT:
                answer = self.spoiled(request, fault)
        self.log.add(
            action=request.action, by=request.access_key_id, user=request.params.get("UserName", ""), key=key,
            status=answer.status, said=answer.said, fault=fault.kind if fault else "",
        )  # fmt: skip
        return answer

    def spoiled(self, request: Request, fault: Fault) -> Answer:
        """What the fault answers instead of the truth."""
        if fault.kind == "deny":
            return _denied(request, Signer(request))
        return INSTEAD.get(fault.kind, answers.unavailable)(request.service)

    def _refused(self, request: Request) -> Answer | None:
        """AWS's refusal of the key, the signature or the action, or None."""
        if request.service not in self._apps:
            return answers.not_signed(request.service)
        signer = self._signer(request)
        if signer is None:
            return answers.key_unknown(request.service)
        if not signer.has_the_secret():
            return answers.signature_wrong(request.service)
        signer.note_use()
        allowed = request.action in _FREE or allows(signer.policies(), request.action, concerned(request)[0])
        if request.action == _ASSUME:
            whom = _trusted(request, signer)
            allowed = whom == "caller" or (whom == "account" and allowed)
        return None if allowed and not self._hides(request) else _denied(request, signer)

    def _signer(self, request: Request) -> Signer | None:
        """Who signs, if the replica that the request meets knows the key as an active one."""
        key = Account(request.region).key(request.access_key_id)
        if key is None or key.status != "Active" or not self._replicas.know(request.access_key_id):
            return None
        try:
            return Signer(request)
        except CreateAccessKeyFailure:
            return None

    def _hides(self, request: Request) -> bool:
        """Whether AWS acts as if a key that it doesn't know were a matter of permissions."""
        asked_about = request.params.get("AccessKeyId", "")
        unknown = request.action == LAST_USED and Account(request.region).key(asked_about) is None
        return unknown and self.behaviour.hides_unknown_keys

    def _moto(self, request: Request) -> Answer:
        builder = EnvironBuilder(
            method=request.method, path=request.path, query_string=request.query, data=request.body,
            headers=list(request.headers.items()), base_url=f"http://{request.headers.get('host', 'localhost')}",
        )  # fmt: skip
        body, status, headers = run_wsgi_app(self._apps[request.service], builder.get_environ(), buffered=True)
        if self._state_file and memory.changes(request.action):
            memory.keep(self._state_file)
        kept = tuple((name, value) for name, value in headers if name.lower() not in {"content-length", "connection"})
        return Answer(int(status.split()[0]), b"".join(body), kept)

    def _key_concerned(self, request: Request, answer: Answer) -> str:
        """The key that was asked about, or made: then the replicas are told of it, unless the root made it."""
        made = _MADE_KEY.search(answer.body) if request.action == "iam:CreateAccessKey" else None
        if made is None:
            return request.params.get("AccessKeyId", "")
        if Account(request.region).owner(request.access_key_id) != ROOT:
            self._replicas.announce(made[1].decode())
        return made[1].decode()


def _trusted(request: Request, signer: Signer) -> str:
    trust = Account(request.region).trust_of(request.params.get("RoleArn", ""))
    return trusted(trust, signer.arn, request.params.get("ExternalId", "")) if trust else ""


def _denied(request: Request, signer: Signer) -> Answer:
    return answers.access_denied(request.service, signer.arn, request.action, concerned(request)[1])

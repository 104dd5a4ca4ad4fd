"""From a request to its answer: which key signs, whether a replica knows it, what its policies allow, then moto."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from moto import settings
from moto.core import responses
from moto.iam.access_control import CreateAccessKeyFailure
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.test import EnvironBuilder, run_wsgi_app

from practice import answers, memory, sessions, store_services
from practice.account import LAST_USED, ROOT, Account, Signer, concerned
from practice.answers import Answer
from practice.behaviour import Behaviour
from practice.behaviour.deeds import Deeds
from practice.behaviour.faults import TRANSPORT, Fault, Faults
from practice.behaviour.last_use import LastUses
from practice.behaviour.pace import Pace
from practice.behaviour.replicas import Replicas
from practice.log import CallLog
from practice.policy import allows, trusted
from practice.request import JSON_SERVICES, Request
from rotation.provider import KeyPair

# At each call moto looks through all methods of its service for the one that answers.
responses.method_names_from_class = cache(responses.method_names_from_class)  # type: ignore[attr-defined]

# What everybody may do who signs.
_FREE = {"sts:GetCallerIdentity", sessions.GET_SESSION_TOKEN}
_ASSUME = "sts:AssumeRole"
_MADE_KEY = re.compile(rb"<AccessKeyId>([^<]+)</AccessKeyId>")


class Layer:
    """Practice AWS without its sockets. Calls are judged and done one at a time; only their latency overlaps.

    moto checks no permission itself: it judges each policy's Resource as if the action were on `*`. With a
    `state_file`, users, keys and policies outlive the process; what was told by /practice/... doesn't.
    """

    def __init__(
        self,
        behaviour: Behaviour,
        clock: Callable[[], float] = time.monotonic,
        state_file: Path | None = None,
        log_file: Path | None = None,
    ) -> None:
        settings.INITIAL_NO_AUTH_ACTION_COUNT = sys.maxsize
        self.behaviour = behaviour
        self.faults = Faults(behaviour)
        self.deeds = Deeds()
        self.log = CallLog(log_file)
        self._replicas = Replicas(behaviour, clock)
        self._last_uses = LastUses(behaviour, lambda: datetime.now(UTC))
        self._pace = Pace(behaviour, clock)
        self._apps = {service: create_backend_app(service) for service in ("iam", "sts", "s3")}
        self._one_at_a_time = Lock()
        self._state_file = state_file
        if state_file:
            memory.recall(state_file)
        account = Account("us-east-1")
        self._last_uses.recall(account.last_uses())
        self.root: KeyPair = account.root_key()

    def answer(self, request: Request, fault: Fault | None = None) -> Answer:
        """Do what is asked, unless `fault` stands before it, note the call, and answer."""
        if latency_s := self._pace.latency_s():
            time.sleep(latency_s)
        with self._one_at_a_time:
            self._do_deeds("before", request)
            worked = fault is None or fault.when != "before"
            answer = self._worked(request) if worked else answers.unavailable(request.service)
            made = _MADE_KEY.search(answer.body) if request.action == "iam:CreateAccessKey" else None
            if fault and fault.kind not in TRANSPORT:
                answer = self.spoiled(request, fault)
            self.log.add(
                action=request.action, by=request.access_key_id,
                who=Account(request.region).owner(request.access_key_id), user=request.params.get("UserName", ""),
                key=made[1].decode() if made else request.params.get("AccessKeyId", ""), status=answer.status,
                said=answer.said, fault=fault.kind if fault else "",
            )  # fmt: skip
            self._do_deeds("after", request)
        return answer

    def _do_deeds(self, when: str, request: Request) -> None:
        if not self.deeds.met(when, request):
            return
        with self._telling_replicas(request.region, new_are_known=True):
            done = self.deeds.do(when, request)
        user, by = request.params.get("UserName", ""), self.root.access_key_id
        for deed, key in done:
            self.log.add(
                action=f"by hand: {deed}", by=by, who=ROOT, user=user, key=key, status=200, said="OK", fault=""
            )

    def _worked(self, request: Request) -> Answer:
        """The truth, as the replica that the request meets knows it."""
        account = Account(request.region)
        by_root = account.owner(request.access_key_id) == ROOT
        if not by_root and not self._pace.admits(request.service):
            return answers.throttled(request.service)
        key = account.key(request.access_key_id)
        taken = self._replicas.take(request.access_key_id, truth=key is not None and key.status == "Active")
        with account.with_deleted(self._replicas.kept(request.access_key_id) if taken else None):
            refused = self._refused(request, taken=taken)
            if refused or not memory.changes(request.action):
                return refused or self._moto(request)
        with self._telling_replicas(request.region, new_are_known=by_root):
            return self._moto(request)

    @contextmanager
    def _telling_replicas(self, region: str, *, new_are_known: bool) -> Iterator[None]:
        """Tell the replicas of what happens to keys meanwhile."""
        before = Account(region).keys()
        yield
        self._replicas.compare(before, Account(region).keys(), new_are_known=new_are_known)

    def spoiled(self, request: Request, fault: Fault) -> Answer:
        """What the fault answers instead of the truth."""
        if fault.kind == "deny":
            return _denied(request, Signer(request))
        return fault.instead(request.service)

    def _refused(self, request: Request, *, taken: bool) -> Answer | None:
        """AWS's refusal of the key, the signature or the action, or None."""
        if request.service not in {*self._apps, *JSON_SERVICES}:
            return answers.not_signed(request.service)
        signer = self._signer(request) if taken else None
        if signer is None:
            return answers.key_unknown(request.service)
        if not signer.has_the_secret():
            return answers.signature_wrong(request.service)
        session = sessions.session_of(request)
        if session is not None and (told := sessions.refused(request, session)):
            return told
        self._last_uses.note(request)
        if request.service in JSON_SERVICES:
            return _refused_by_store(request, signer)
        allowed = request.action in _FREE or allows(signer.policies(), request.action, concerned(request)[0])
        if request.action == _ASSUME:
            whom = _trusted(request, signer)
            allowed = whom == "caller" or (whom == "account" and allowed)
        return None if allowed and not self._hides(request) else _denied(request, signer)

    def _signer(self, request: Request) -> Signer | None:
        """Who signs, if that is known at all."""
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
        if request.action == LAST_USED:
            key = request.params.get("AccessKeyId", "")
            Account(request.region).tell_last_use(key, self._last_uses.told(key))
        if request.action == sessions.GET_SESSION_TOKEN:
            return self._session(request)
        builder = EnvironBuilder(
            method=request.method, path=request.path, query_string=request.query, data=request.body,
            headers=list(request.headers.items()), base_url=f"http://{request.headers.get('host', 'localhost')}",
        )  # fmt: skip
        body, status, headers = run_wsgi_app(self._app(request.service), builder.get_environ(), buffered=True)
        if self._state_file and memory.changes(request.action):
            memory.keep(self._state_file)
        kept = tuple((name, value) for name, value in headers if name.lower() not in {"content-length", "connection"})
        return Answer(int(status.split()[0]), b"".join(body), kept)

    def _app(self, service: Any) -> Any:
        """What answers for the service; the apps that few ask for are made when they are."""
        if service not in self._apps:
            self._apps[service] = create_backend_app(service)
        return self._apps[service]

    def _session(self, request: Request) -> Answer:
        account = Account(request.region)
        user = account.user(account.owner(request.access_key_id))
        answer = sessions.get_session_token(request, user, self.behaviour.session_at_most_s)
        if self._state_file:
            memory.keep(self._state_file)
        return answer


def _trusted(request: Request, signer: Signer) -> str:
    trust = Account(request.region).trust_of(request.params.get("RoleArn", ""))
    return trusted(trust, signer.arn, request.params.get("ExternalId", "")) if trust else ""


def _refused_by_store(request: Request, signer: Signer) -> Answer | None:
    policies = signer.policies()
    for action, arn in store_services.needed(request):
        if not allows(policies, action, arn):
            return answers.access_denied(request.service, signer.arn, action, arn)
    return store_services.refused(request)


def _denied(request: Request, signer: Signer) -> Answer:
    return answers.access_denied(request.service, signer.arn, request.action, concerned(request)[1])

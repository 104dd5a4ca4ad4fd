"""One service of AWS that keeps copies, and what its failures mean to a copy.

Of what AWS says, its code is told and never its message: validation errors quote the value that was sent. From a
refusal the action and what it is about are taken, as AWS words them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointProviderError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    ParamValidationError,
)
from botocore.exceptions import ConnectionError as NoConnectionError

from models.connection import region_problem
from rotation.aws import answers, credentials
from rotation.aws.clients import PATIENT, make_client
from rotation.aws.failures import BY_CODE, CLOCK_WRONG, UNREADABLE, answered
from rotation.copies.answers import retry_after_s, why_of
from rotation.copies.store import Means, Setting, StoreError, Why
from rotation.errors import RotationError
from rotation.reach.access import Access

_SAID_LENGTH = 300
_DENIED = re.compile(
    r"User: (?P<who>arn:\S+) is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r"(?: on resource: (?P<on>[\w:/+=.@*-]+))?"
)

_WHY: Mapping[str, Why] = {
    "not_permitted": Why.FORBIDDEN,
    "manager_key_unknown": Why.REFUSED,
    "manager_secret_wrong": Why.REFUSED,
    "throttled": Why.THROTTLED,
    "aws_unreachable": Why.UNREACHABLE,
}
_UNSIGNED: Mapping[str, tuple[Why, str]] = {
    "own_not_allowed": (
        Why.FORBIDDEN,
        "The connection may not use the server's own credentials. An administrator allows it in the project's settings",
    ),
    "no_own_credentials": (Why.REFUSED, "The server that asks AWS has no credentials of its own"),
}

# What botocore meets in JSON that isn't AWS's: a list where it looks for an object, or one list in another.
_NOT_AWS = (*UNREADABLE, AttributeError, TypeError, RecursionError)

# The first that fits counts; any other of botocore's means that the answer couldn't be understood.
_ON_THE_WAY: tuple[tuple[type[Exception], Why], ...] = (
    (NoCredentialsError, Why.REFUSED),
    (ParamValidationError, Why.BAD_VALUE),
    (EndpointProviderError, Why.NO_SUCH_PLACE),
    (InvalidRegionError, Why.NO_SUCH_PLACE),
    (NoConnectionError, Why.UNREACHABLE),
    (HTTPClientError, Why.UNREACHABLE),
)

REGION = Setting(
    "region",
    "AWS region",
    hint="Such as eu-central-1. Empty: the connection's.",
    problem=lambda text: region_problem(text) if text else None,
)
REGION_OF_CONNECTION = "the connection's region"
"""The words for the place where no region is chosen."""

KMS_KEY = Setting(
    "kms_key_id",
    "KMS key",
    hint="ID, ARN or alias of the key that encrypts what Keyturn makes there. Empty: AWS's own key for this service.",
    problem=lambda text: None if re.fullmatch(r"[\w:/-]*", text, re.ASCII) else "It looks like alias/name or an ARN.",
)

SCHEDULED_FOR_DELETION = "ScheduledForDeletion"
"""Our own code for what Secrets Manager tells in its message alone."""

T = TypeVar("T")


class AwsStoreError(StoreError):
    """AWS didn't do it; `code` is its own, or the name of what happened on the way."""

    def __init__(self, why: Why, said: str, code: str = "", retry_after_s: int | None = None) -> None:
        super().__init__(why, said[:_SAID_LENGTH], retry_after_s)
        self.code = code


class StoreService:
    """A service of AWS in one region, by one access. `meanings` tells the service's own error codes."""

    def __init__(self, service: str, means: Means, meanings: Mapping[str, tuple[Why, str]]) -> None:
        if means.access is None:
            raise ValueError("AWS's own stores are reached by a connection")
        self._service, self._access, self._meanings = service, means.access, meanings
        self._there = replace(means.access, region=means.settings.get(REGION.name, "") or means.access.region)

    @property
    def region(self) -> str:
        """Where it is asked."""
        return self._there.region

    def ask(self, action: str, call: Callable[[Any], T], about: str = "") -> T:
        """What `call` makes of the service's client. Raises AwsStoreError; `about` is the name that its words tell.

        `call` has to take something out of the answer: of one that broke off botocore makes an empty one.
        """
        return self._asked(self._service, self._there, f"{self._service}:{action}", call, about)

    def signer(self) -> str:
        """The ARN of who signs. Needs no permission, and raises AwsStoreError."""
        action = "sts:GetCallerIdentity"
        return self._asked("sts", self._access, action, lambda sts: answers.identity(sts.get_caller_identity())).arn

    def _asked(self, service: str, access: Access, action: str, call: Callable[[Any], T], about: str = "") -> T:
        try:
            return call(make_client(service, credentials.assume(self._access), access, PATIENT))
        except RotationError as error:
            failure = AwsStoreError(*_UNSIGNED[error.code], error.code)
        except ClientError as error:
            failure = self._answer(error, action, about)
        except (BotoCoreError, *_NOT_AWS) as error:
            why = next((why for kind, why in _ON_THE_WAY if isinstance(error, kind)), Why.FAILED)
            failure = AwsStoreError(why, type(error).__name__, type(error).__name__)
        if failure.why is Why.REFUSED:
            credentials.forget(self._access)
        # Raised here, where no traceback leads back to botocore's text: it may quote a value.
        raise failure

    def _answer(self, error: ClientError, action: str, about: str) -> AwsStoreError:
        code, message, status, _request_id = answered(error)
        if code == "InvalidRequestException" and "delet" in message:
            said = f"{about} is scheduled for deletion. Restore it in AWS, or wait until it is gone"
            return AwsStoreError(Why.BAD_VALUE, said, SCHEDULED_FOR_DELETION)
        if code in self._meanings:
            why, meaning = self._meanings[code]
            return AwsStoreError(why, f"{code}: {meaning.format(name=about or 'it')}", code)
        # Without a code of AWS's it is somebody on the way who says it, by its status alone.
        why = _WHY.get(BY_CODE.get(code, ""), why_of(status) if code == str(status) else Why.FAILED)
        if why is Why.FORBIDDEN:
            return AwsStoreError(why, _denied(code, message, action, about), code)
        if why is Why.REFUSED and CLOCK_WRONG.search(message):
            return AwsStoreError(Why.FAILED, f"{code}: the clock of this machine is wrong", code)
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        said = f"{code} at {action}" + (f" of {about}" if about else "")
        return AwsStoreError(why, said, code, retry_after_s(headers))


def _denied(code: str, message: str, action: str, about: str) -> str:
    """Who may not do what, as AWS says it where it does: it may be another action than the one that was asked for."""
    named = _DENIED.search(message)
    if named is None:
        kms = " (or the use of its KMS key)" if "kms" in message.lower() else ""
        return f"{code}: {action}{kms} isn't allowed" + (f" on {about}" if about else "")
    return f"{code}: {named['who']} may not {named['action']} on {named['on'] or about or 'it'}"

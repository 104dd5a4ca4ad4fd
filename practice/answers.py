"""AWS's answers that the layer gives itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from uuid import uuid4
from xml.sax.saxutils import escape

from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT_ID

from practice.request import JSON_SERVICES

_CODE = re.compile(rb"""<Code>([^<]*)</Code>|"__type": ?"([^"]*)\"""")
# What the services that speak JSON call it: https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html
_IN_JSON: Mapping[str, str] = {
    "AccessDenied": "AccessDeniedException",
    "ExpiredToken": "ExpiredTokenException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "ServiceFailure": "InternalServerError",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "Throttling": "ThrottlingException",
}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; its length is told by who sends it."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/xml"),)

    @property
    def said(self) -> str:
        """AWS's error code, or `OK`."""
        if self.status < HTTPStatus.BAD_REQUEST:
            return "OK"
        found = _CODE.search(self.body)
        return (found[1] or found[2]).decode() if found else str(self.status)


def refusal(service: str, code: str, message: str, status: int = HTTPStatus.FORBIDDEN) -> Answer:
    """An error document in the form of `service`."""
    if service in JSON_SERVICES:
        told = {"__type": _IN_JSON.get(code, code), "message": message}
        status = status if status >= HTTPStatus.INTERNAL_SERVER_ERROR else HTTPStatus.BAD_REQUEST
        headers = ("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", str(uuid4()))
        return Answer(status, json.dumps(told).encode(), headers)
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    request_id = f"<RequestId>{uuid4()}</RequestId>"
    if service == "s3":
        return Answer(status, f"<Error>{error}{request_id}</Error>".encode())
    kind = "Receiver" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "Sender"
    return Answer(
        status, f"<ErrorResponse><Error><Type>{kind}</Type>{error}</Error>{request_id}</ErrorResponse>".encode()
    )


def key_unknown(service: str) -> Answer:
    """What a service says to a key that it doesn't know (yet, or no longer, or while it is inactive)."""
    if service == "s3":
        return refusal(
            service, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."
        )
    return refusal(service, "InvalidClientTokenId", "The security token included in the request is invalid.")


def signature_wrong(service: str) -> Answer:
    """What a service says to a signature that isn't of the key's secret."""
    return refusal(
        service,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method.",
    )


def not_signed(service: str) -> Answer:
    """What a service says to a request without a signature."""
    return refusal(service, "MissingAuthenticationToken", "Request is missing Authentication Token")


def access_denied(service: str, who: str, action: str, on: str) -> Answer:
    """What a service says to an action that no policy allows; `on` as IAM words it (`user billing-api`)."""
    return refusal(
        service,
        "AccessDenied",
        f"User: {who} is not authorized to perform: {action} on resource: {on} "
        f"because no identity-based policy allows the {action} action",
    )


def throttled(service: str) -> Answer:
    """What a service says when it is asked too often."""
    if service == "s3":
        return refusal(service, "SlowDown", "Please reduce your request rate.", HTTPStatus.SERVICE_UNAVAILABLE)
    return refusal(service, "Throttling", "Rate exceeded", HTTPStatus.BAD_REQUEST)


def internal_failure(service: str) -> Answer:
    """A service's own failure."""
    return refusal(service, "ServiceFailure", "An unknown error occurred.", HTTPStatus.INTERNAL_SERVER_ERROR)


def unavailable(service: str) -> Answer:
    """A service that is down."""
    return refusal(service, "ServiceUnavailable", "Service is unavailable.", HTTPStatus.SERVICE_UNAVAILABLE)


def load_balancer_page(_service: str) -> Answer:
    """A 503 that isn't AWS's own: a page from something on the way."""
    page = b"<html><head><title>503</title></head><body><h1>Service Temporarily Unavailable</h1></body></html>"
    return Answer(HTTPStatus.SERVICE_UNAVAILABLE, page, (("Content-Type", "text/html"),))


def of_another_user(_service: str) -> Answer:
    """GetCallerIdentity's answer to a key that is `somebody-else`'s, in the same account."""
    who = f"<Arn>arn:aws:iam::{ACCOUNT_ID}:user/somebody-else</Arn><UserId>AIDASOMEBODYELSE00000</UserId>"
    result = f"<GetCallerIdentityResult>{who}<Account>{ACCOUNT_ID}</Account></GetCallerIdentityResult>"
    about = f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata>"
    return Answer(HTTPStatus.OK, f"<GetCallerIdentityResponse>{result}{about}</GetCallerIdentityResponse>".encode())

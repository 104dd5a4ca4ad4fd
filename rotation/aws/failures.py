"""What goes wrong when AWS is asked, in tables: whoever asks AWS tells its failures from these."""

from __future__ import annotations

import re
from collections.abc import Mapping

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    EndpointProviderError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
)
from botocore.parsers import ResponseParserError

_THROTTLES = (
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
    "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
    "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "SlowDown", "PriorRequestNotComplete",
    "EC2ThrottledException", "429",
)  # fmt: skip

BY_CODE: Mapping[str, str] = {
    "AccessDenied": "not_permitted",
    "AccessDeniedException": "not_permitted",
    "InvalidClientTokenId": "manager_key_unknown",
    "InvalidAccessKeyId": "manager_key_unknown",
    "UnrecognizedClientException": "manager_key_unknown",
    "ExpiredToken": "manager_key_unknown",
    "ExpiredTokenException": "manager_key_unknown",
    "SignatureDoesNotMatch": "manager_secret_wrong",
    "InvalidSignatureException": "manager_secret_wrong",
    "NoSuchEntity": "no_such_user",
    "LimitExceeded": "two_keys",
    "RequestTimeout": "aws_unreachable",
    "RequestTimeoutException": "aws_unreachable",
    **dict.fromkeys(_THROTTLES, "throttled"),
}
"""AWS's error codes and ours. What isn't here is `aws_refused`, or `aws_unreachable` from status 500 on."""

NEVER_SENT: Mapping[type[Exception], str] = {
    EndpointConnectionError: "aws_unreachable",
    ConnectTimeoutError: "aws_unreachable",
    ProxyConnectionError: "aws_unreachable",
    EndpointProviderError: "aws_refused",
    NoCredentialsError: "aws_refused",
    ParamValidationError: "aws_refused",
}
"""Raised before a request leaves this machine, so that nothing can have been made."""

CLOCK_WRONG = re.compile(r"signature (?:expired|not yet current)", re.IGNORECASE)
"""In the message of a signature that isn't right only because this machine's clock isn't."""

UNREADABLE = (ResponseParserError, KeyError, ValueError)
"""What comes of an answer that isn't AWS's or is cut off."""


def answered(error: ClientError) -> tuple[str, str, int, str]:
    """AWS's code, message, HTTP status and request ID."""
    told = error.response.get("Error", {})
    meta = error.response.get("ResponseMetadata", {})
    status = int(meta.get("HTTPStatusCode", 0))
    return str(told.get("Code", status)), str(told.get("Message", "")), status, str(meta.get("RequestId", ""))

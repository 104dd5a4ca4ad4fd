"""What is asked of Secrets Manager and Parameter Store, as policies name it."""

from __future__ import annotations

from typing import Any

from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT_ID
from moto.utilities.utils import get_partition

from practice.answers import Answer, refusal
from practice.request import Request

_CREATE, _TAG = "secretsmanager:CreateSecret", "secretsmanager:TagResource"


def needed(request: Request) -> list[tuple[str, str]]:
    """The actions that the signer has to be allowed, and on which ARN each."""
    arns = _secrets(request) if request.service == "secretsmanager" else _parameters(request)
    # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html, "Required permissions"
    actions = (_CREATE, _TAG) if request.action == _CREATE and "Tags" in request.asked else (request.action,)
    return [(action, arn) for action in actions for arn in arns]


def refused(request: Request) -> Answer | None:
    """What moto would do though AWS doesn't: write to a secret that is scheduled for deletion; else None."""
    found = _secret(request) if request.action == "secretsmanager:PutSecretValue" else None
    if found is None or not found.is_deleted():
        return None
    said = "You can't perform this operation on the secret because it was marked for deletion."
    return refusal(request.service, "InvalidRequestException", said)


def _secret(request: Request) -> Any:
    return get_backend("secretsmanager")[ACCOUNT_ID][request.region].secrets.get(request.named)


def _secrets(request: Request) -> list[str]:
    """A secret that is there has six characters more in its ARN than in its name."""
    found, name = _secret(request), request.named
    if found:
        return [found.arn]
    return [name if name.startswith("arn:") else f"{_prefix(request)}:secret:{name}"]


def _parameters(request: Request) -> list[str]:
    """A name's own first slash is the one in the ARN."""
    names = request.asked.get("Names", [request.asked.get("Name", "")])
    return [f"{_prefix(request)}:parameter/{str(name).removeprefix('/')}" for name in names]


def _prefix(request: Request) -> str:
    return f"arn:{get_partition(request.region)}:{request.service}:{request.region}:{ACCOUNT_ID}"

"""Copies in the Parameter Store of AWS Systems Manager, as SecureString parameters.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any
from uuid import uuid4

from rotation.aws.store_service import KMS_KEY, REGION, REGION_OF_CONNECTION, AwsStoreError, StoreService
from rotation.copies.store import Kind, Means, Setting, Why

# https://docs.aws.amazon.com/general/latest/gr/ssm.html#limits_ssm
MOST_BYTES: Mapping[str, int] = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}
MOST_LEVELS = 15

_SECURE = "SecureString"
_GONE, _THERE = "ParameterNotFound", "ParameterAlreadyExists"
_DELETED_AT_ONCE = 10
_KMS = "the KMS key of {name} isn't there or can't be used"
_MEANINGS: Mapping[str, tuple[Why, str]] = {
    _GONE: (Why.NO_SUCH_PLACE, "there is no parameter {name}"),
    "ParameterLimitExceeded": (Why.FULL, "the account's limit of parameters is reached"),
    "ParameterMaxVersionLimitExceeded": (
        Why.FULL,
        "{name} has as many versions as AWS keeps, and the oldest bears a label. Move the label to a newer one",
    ),
    "TooManyUpdates": (Why.THROTTLED, "{name} is changed too often at once"),
    "HierarchyLevelLimitExceededException": (Why.BAD_VALUE, "{name} has more levels than AWS takes"),
    "HierarchyTypeMismatchException": (Why.BAD_VALUE, "{name} is there already with another type than SecureString"),
    "ParameterPatternMismatchException": (Why.BAD_VALUE, "the value doesn't fit the pattern that {name} asks for"),
    "ValidationException": (
        Why.BAD_VALUE,
        "AWS doesn't take {name}: values hold no double curly brackets, and the advanced tier is never left",
    ),
    "InvalidKeyId": (Why.NO_SUCH_PLACE, _KMS),
}
_NAME = re.compile(r"[A-Za-z0-9._/-]{1,900}")
_RESERVED = re.compile(r"/?(?:aws|ssm)", re.IGNORECASE)


def name_problem(name: str) -> str | None:
    """Why a parameter can't be called so, in a sentence; None when it can.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
    """
    if not _NAME.fullmatch(name):
        return "Parameter Store takes letters, digits and . - _ / in a name, up to 900 of them."
    if _RESERVED.match(name):
        return "Parameter Store keeps names that begin with aws or ssm to itself: a prefix such as /billing/ helps."
    if "/" in name and (not name.startswith("/") or name.endswith("/") or "//" in name):
        return "A name with a / begins with one, ends in none and has something between any two."
    if name.count("/") > MOST_LEVELS:
        return f"A name has at most {MOST_LEVELS} levels, each after its /."
    return None


class ParameterStore:
    """Implements rotation.copies.store.Store with a SecureString parameter for each name."""

    writes_whole = False

    def __init__(self, means: Means) -> None:
        self._service = StoreService("ssm", means, _MEANINGS)
        self._tier = means.settings.get("tier") or "Standard"
        kms_key_id = means.settings.get(KMS_KEY.name, "")
        self._kms = {"KeyId": kms_key_id} if kms_key_id else {}

    def check(self) -> str:
        """Say who signs, and whether parameters can be read; that they can be written can't be seen without writing."""
        found = f"{self._service.signer()} signs in {self._service.region}."
        try:
            self._read(f"/keyturn-check/{uuid4()}")
        except AwsStoreError as error:
            if error.why is not Why.FORBIDDEN:
                raise
            return (
                f"{found} It may not read every parameter (ssm:GetParameter), so where it may not read a parameter, "
                "the same value is written again and makes another version. Whether it may write (ssm:PutParameter, "
                "ssm:DeleteParameters) shows at the first copy only."
            )
        return (
            f"{found} It may read parameters. Whether it may write them (ssm:PutParameter, ssm:DeleteParameters) and "
            "use the KMS key shows at the first copy only."
        )

    def write(self, values: Mapping[str, str], made: Callable[[str], None]) -> None:
        """One parameter after the other; what can't be taken is refused before the first."""
        for name, value in values.items():
            self._hold_to_limits(name, value)
        for name, value in values.items():
            if self._write(name, value):
                made(name)

    def delete(self, names: Collection[str]) -> None:
        """Delete the parameters with all their versions, for good."""
        listed = list(names)
        for start in range(0, len(listed), _DELETED_AT_ONCE):
            self._service.ask("DeleteParameters", partial(_delete, listed[start : start + _DELETED_AT_ONCE]))

    def _write(self, name: str, value: str) -> bool:
        """Whether the parameter was made by it."""
        try:
            held = self._read(name)
            is_seen = True
        except AwsStoreError as error:
            if error.why is not Why.FORBIDDEN:
                raise
            held, is_seen = None, False
        if held == value:
            return False
        if held is None:
            try:
                self._put(name, value, overwrite=False)
            except AwsStoreError as error:
                if error.code != _THERE:
                    raise
            else:
                return True
            if is_seen and self._read(name) == value:
                return True  # the answer to the SDK's first try was lost
        self._put(name, value, overwrite=True)
        return False

    def _read(self, name: str) -> str | None:
        """Its value, or None where there is none. Raises AwsStoreError, where it isn't a SecureString too."""
        try:
            kind, value = self._service.ask(
                "GetParameter", lambda ssm: _held(ssm.get_parameter(Name=name, WithDecryption=True)), name
            )
        except AwsStoreError as error:
            if error.code == _GONE:
                return None
            raise
        if kind != _SECURE:
            said = f"{name} is there already as a {kind}, which AWS doesn't encrypt. Delete it there first"
            raise AwsStoreError(Why.BAD_VALUE, said)
        return value

    def _put(self, name: str, value: str, *, overwrite: bool) -> None:
        values = {
            "Name": name,
            "Value": value,
            "Type": _SECURE,
            "Tier": self._tier,
            "Overwrite": overwrite,
            **self._kms,
        }
        self._service.ask("PutParameter", lambda ssm: ssm.put_parameter(**values)["Version"], name)

    def _hold_to_limits(self, name: str, value: str) -> None:
        """Raise AwsStoreError for what AWS takes from nobody, before anything is sent."""
        most = MOST_BYTES[self._tier]
        if not value:
            raise AwsStoreError(Why.BAD_VALUE, f"{name} is empty, and Parameter Store takes no empty value")
        if len(value.encode()) > most:
            other = "; the advanced tier takes 8192" if self._tier == "Standard" else ""
            said = f"{name} is longer than the {most} bytes that a parameter of this tier takes{other}"
            raise AwsStoreError(Why.BAD_VALUE, said)


def _delete(names: list[str], ssm: Any) -> None:
    answer = ssm.delete_parameters(Names=names)
    _ = answer.get("DeletedParameters") or answer["InvalidParameters"]  # each name is in one of them


def _held(answer: Mapping[str, Any]) -> tuple[str, str]:
    """A parameter's type and value."""
    return str(answer["Parameter"]["Type"]), str(answer["Parameter"]["Value"])


def _place(settings: Mapping[str, str]) -> str:
    return f"Parameters in {settings.get(REGION.name, '') or REGION_OF_CONNECTION}"


KIND = Kind(
    id="aws-parameter-store",
    title="AWS Parameter Store",
    about=(
        "SecureString parameters of AWS Systems Manager. The connection has to be permitted ssm:GetParameter and "
        "PutParameter, and DeleteParameters to take copies back; with a KMS key of your own, kms:Encrypt and "
        "kms:Decrypt too."
    ),
    settings=(
        REGION,
        Setting(
            "tier",
            "Tier",
            default="Standard",
            choices=(
                ("Standard", "Standard: up to 4 KB, free"),
                ("Advanced", "Advanced: up to 8 KB, at a charge"),
                ("Intelligent-Tiering", "Intelligent: advanced only where a value needs it"),
            ),
        ),
        KMS_KEY,
    ),
    make=ParameterStore,
    by_connection=True,
    place=_place,
    name_problem=name_problem,
)

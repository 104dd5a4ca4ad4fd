"""Copies in AWS Secrets Manager: a secret for each name, or one secret that holds all names as JSON.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/Welcome.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import uuid4

from rotation.aws.store_service import (
    KMS_KEY,
    REGION,
    REGION_OF_CONNECTION,
    SCHEDULED_FOR_DELETION,
    AwsStoreError,
    StoreService,
)
from rotation.copies.store import Kind, Means, Setting, Why

MOST_BYTES = 65_536
RECOVERY_DAYS = 7
"""So long a deleted secret can be restored: AWS's least."""
TAG = {"Key": "keyturn", "Value": "made"}

_GONE, _THERE = "ResourceNotFoundException", "ResourceExistsException"
_MEANINGS: Mapping[str, tuple[Why, str]] = {
    _GONE: (Why.NO_SUCH_PLACE, "there is no secret {name}"),
    "LimitExceededException": (Why.FULL, "the account's limit of secrets or of versions is reached"),
    "InvalidParameterException": (Why.BAD_VALUE, "AWS doesn't take {name}, its value or its KMS key"),
    "InvalidRequestException": (Why.BAD_VALUE, "AWS doesn't let {name} be written in its present state"),
    "ValidationException": (Why.BAD_VALUE, "AWS doesn't take {name} or its value"),
    "EncryptionFailure": (Why.FORBIDDEN, "the KMS key of {name} can't be used"),
    "DecryptionFailure": (Why.FORBIDDEN, "the KMS key of {name} can't be used"),
}
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html, "Name"
_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")
_LIKE_A_SUFFIX = re.compile(r".*-[A-Za-z0-9]{6}")


def name_problem(name: str) -> str | None:
    """Why a secret can't be called so, in a sentence; None when it can."""
    if not _NAME.fullmatch(name):
        return "Secrets Manager takes letters, digits and / _ + = . @ - in a name, up to 512 of them."
    if _LIKE_A_SUFFIX.fullmatch(name):
        return "A name may not end in a hyphen and six characters: AWS would take them for the end of its ARN."
    return None


class _Secrets:
    """The calls that both forms need. Each raises AwsStoreError."""

    def __init__(self, means: Means) -> None:
        self.service = StoreService("secretsmanager", means, _MEANINGS)
        self._kms_key_id = means.settings.get(KMS_KEY.name, "")

    def read(self, name: str) -> str | None:
        """Its current text, or None where it has none or isn't there; of a binary one the empty text."""
        try:
            return self.service.ask("GetSecretValue", lambda asm: _text(asm.get_secret_value(SecretId=name)), name)
        except AwsStoreError as error:
            if error.code == _GONE:
                return None
            raise

    def put(self, name: str, text: str) -> None:
        """Make this its current text. The token has a call that the SDK sends twice make one version only."""
        token = str(uuid4())
        self.service.ask(
            "PutSecretValue",
            lambda asm: asm.put_secret_value(SecretId=name, SecretString=text, ClientRequestToken=token)["VersionId"],
            name,
        )

    def create(self, name: str, text: str) -> bool:
        """Make the secret, with our tag. Returns False where it is there already."""
        chosen = {"KmsKeyId": self._kms_key_id} if self._kms_key_id else {}
        values = {"Name": name, "SecretString": text, "ClientRequestToken": str(uuid4()), "Tags": [TAG], **chosen}
        try:
            self.service.ask("CreateSecret", lambda asm: asm.create_secret(**values)["VersionId"], name)
        except AwsStoreError as error:
            if error.code != _THERE:
                raise
            return False
        return True

    def delete(self, name: str) -> None:
        """Schedule its deletion. One that is gone, or is scheduled already, is no error."""
        values = {"SecretId": name, "RecoveryWindowInDays": RECOVERY_DAYS}
        try:
            self.service.ask("DeleteSecret", lambda asm: asm.delete_secret(**values)["DeletionDate"], name)
        except AwsStoreError as error:
            if error.code not in {_GONE, SCHEDULED_FOR_DELETION}:
                raise

    def is_ours(self, name: str) -> bool:
        """Whether it carries our tag; False too where its tags may not be read."""
        try:
            tags = self.service.ask("DescribeSecret", lambda asm: _tags(asm.describe_secret(SecretId=name)), name)
        except AwsStoreError as error:
            if error.why is not Why.FORBIDDEN:
                raise
            return False
        return TAG in tags


class EachSecret:
    """Implements rotation.copies.store.Store with an AWS secret for each name."""

    writes_whole = False

    def __init__(self, means: Means) -> None:
        self._secrets = _Secrets(means)

    def check(self) -> str:
        """Say who signs, and whether secrets can be read; that they can be written can't be seen without writing."""
        service, probe = self._secrets.service, f"keyturn-check/{uuid4()}"
        found = f"{service.signer()} signs in {service.region}."
        try:
            self._secrets.read(probe)
        except AwsStoreError as error:
            if error.why is not Why.FORBIDDEN:
                raise
            return (
                f"{found} It may not read every secret (secretsmanager:GetSecretValue), so where it may not read a "
                "secret, the same value is written again and makes another version. Whether it may write "
                "(PutSecretValue, CreateSecret, TagResource, DeleteSecret) shows at the first copy only."
            )
        return (
            f"{found} It may read secrets. Whether it may write them (secretsmanager:PutSecretValue, CreateSecret, "
            "TagResource, DeleteSecret) shows at the first copy only."
        )

    def write(self, values: Mapping[str, str], made: Callable[[str], None]) -> None:
        """One secret after the other; what can't be taken is refused before the first."""
        for name, text in values.items():
            _hold_to_limits(name, text)
        for name, text in values.items():
            if self._write(name, text):
                made(name)

    def delete(self, names: Collection[str]) -> None:
        """Schedule the deletion of each: for `RECOVERY_DAYS` the account's owner can restore it."""
        for name in names:
            self._secrets.delete(name)

    def _write(self, name: str, text: str) -> bool:
        """Whether the secret was made by it."""
        try:
            held = self._secrets.read(name)
            is_there = held is not None
        except AwsStoreError as error:
            if error.why is not Why.FORBIDDEN:
                raise
            held, is_there = None, True
        if held == text:
            return False
        if is_there:
            try:
                self._secrets.put(name, text)
            except AwsStoreError as error:
                if error.code != _GONE:
                    raise
            else:
                return False
        if self._secrets.create(name, text):
            return True
        self._secrets.put(name, text)
        return False


class OneSecret:
    """Implements rotation.copies.store.Store with one AWS secret: a JSON object whose keys are the names.

    AWS has no conditional write: who else writes this secret between its being read and written loses what they wrote.
    """

    writes_whole = True

    def __init__(self, means: Means) -> None:
        self._secrets, self._id = _Secrets(means), means.settings["secret_id"]

    def check(self) -> str:
        """Read the secret; that it can be written can't be seen without writing."""
        service = self._secrets.service
        found = f"{service.signer()} signs in {service.region}."
        entries = self._read()
        if entries is None:
            return (
                f"{found} There is no secret {self._id} yet, so the first copy makes it. Whether it may "
                "(secretsmanager:CreateSecret, TagResource) shows then only."
            )
        keys = "key" if len(entries) == 1 else "keys"
        return (
            f"{found} It reads the secret {self._id}, which has {len(entries)} {keys}. Whether it may write it "
            "(secretsmanager:PutSecretValue) shows at the first copy only."
        )

    def write(self, values: Mapping[str, str], made: Callable[[str], None]) -> None:
        """All names in one version of the secret; keys that aren't named stay as they are."""
        if not values:
            return
        entries = self._read()
        if entries is None and self._secrets.create(self._id, self._text(values)):
            before: Collection[str] = ()
        else:
            # Where it couldn't be made, it has been made meanwhile, or it is one without a value.
            entries = entries or self._read() or {}
            before = tuple(entries)
            self._put(entries, {**entries, **values})
        for name in values:
            if name not in before:
                made(name)

    def delete(self, names: Collection[str]) -> None:
        """Remove the keys. With its last key goes the secret itself, where it was made by Keyturn."""
        try:
            entries = self._read()
        except AwsStoreError as error:
            if error.code != SCHEDULED_FOR_DELETION and error.why is not Why.NO_SUCH_PLACE:
                raise
            return
        if entries is None:
            return
        left = {name: value for name, value in entries.items() if name not in names}
        self._put(entries, left)
        if not left and self._secrets.is_ours(self._id):
            self._secrets.delete(self._id)

    def _read(self) -> dict[str, Any] | None:
        """What the secret holds; None where there is none. Raises AwsStoreError where it isn't a JSON object."""
        text = self._secrets.read(self._id)
        if text is None:
            if self._id.startswith("arn:"):
                raise AwsStoreError(Why.NO_SUCH_PLACE, f"there is no secret {self._id}, and an ARN can't be chosen")
            return None
        try:
            entries = json.loads(text)
        except ValueError:
            entries = None
        if not isinstance(entries, dict):
            said = f"{self._id} holds something else than a JSON object, and Keyturn doesn't replace it"
            raise AwsStoreError(Why.BAD_VALUE, said)
        return entries

    def _put(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        if before != after:
            self._secrets.put(self._id, self._text(after))

    def _text(self, entries: Mapping[str, Any]) -> str:
        text = json.dumps(entries, ensure_ascii=False)
        _hold_to_limits(self._id, text)
        return text


def _tags(answer: Mapping[str, Any]) -> Collection[Any]:
    return answer.get("Tags", ()) if answer["ARN"] else ()


def _text(answer: Mapping[str, Any]) -> str:
    return "" if "SecretBinary" in answer else str(answer["SecretString"])


def _hold_to_limits(name: str, text: str) -> None:
    """Raise AwsStoreError for what AWS takes from nobody, before anything is sent."""
    if not text:
        raise AwsStoreError(Why.BAD_VALUE, f"{name} is empty, and Secrets Manager takes no empty value")
    if len(text.encode()) > MOST_BYTES:
        raise AwsStoreError(Why.BAD_VALUE, f"{name} is longer than the {MOST_BYTES} bytes that Secrets Manager takes")


def _make(means: Means) -> EachSecret | OneSecret:
    return OneSecret(means) if means.settings.get("form") == "one" else EachSecret(means)


def _place(settings: Mapping[str, str]) -> str:
    region = settings.get(REGION.name, "") or REGION_OF_CONNECTION
    return f"{settings['secret_id']} in {region}" if settings.get("form") == "one" else f"Secrets in {region}"


def _problem(settings: Mapping[str, str]) -> tuple[str, str] | None:
    if settings.get("form") == "one" and not settings.get("secret_id"):
        return "secret_id", "Name the secret that holds all of them."
    return None


KIND = Kind(
    id="aws-secrets-manager",
    title="AWS Secrets Manager",
    about=(
        "Secrets of an AWS account. The connection has to be permitted secretsmanager:GetSecretValue, PutSecretValue, "
        "CreateSecret and TagResource; and DeleteSecret, with DescribeSecret for a shared secret, to take copies back. "
        f"A secret that is taken back can be restored for {RECOVERY_DAYS} days, and takes no new value meanwhile."
    ),
    settings=(
        Setting(
            "form",
            "Kept as",
            default="each",
            choices=(("each", "A secret for each name"), ("one", "Keys of one JSON secret")),
            hint="One JSON secret is written in one step, and its other keys stay as they are.",
        ),
        Setting(
            "secret_id",
            "JSON secret",
            hint="The name or ARN of the one secret. One that isn't there is made.",
            problem=lambda text: None if not text or text.startswith("arn:") else name_problem(text),
        ),
        REGION,
        KMS_KEY,
    ),
    make=_make,
    by_connection=True,
    place=_place,
    problem=_problem,
    name_problem=name_problem,
)

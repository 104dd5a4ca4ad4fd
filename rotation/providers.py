"""From a kind of credential to its provider: the only importer of each."""

from __future__ import annotations

from rotation import aws_iam
from rotation.aws_iam import AwsIam
from rotation.provider import KeyPair, Provider


def provider_for(kind: str, manager: KeyPair, region: str, endpoint_url: str = "") -> Provider:
    """The provider of `kind` (so far `aws-iam`) that acts with the manager's key; `endpoint_url` as in boto3."""
    return _KINDS[kind](manager, region, endpoint_url)


def preload() -> None:
    """Load what providers are made from, for a process that forks others which need one at once."""
    aws_iam.preload()


_KINDS = {"aws-iam": AwsIam}

"""From a kind of credential to its provider: the only importer of each."""

from __future__ import annotations

from rotation.aws import iam
from rotation.aws.iam import AwsIam
from rotation.provider import Provider
from rotation.reach.access import Access


def provider_for(kind: str, access: Access) -> Provider:
    """The provider of `kind` (so far `aws-iam`) that asks by this access."""
    return _KINDS[kind](access)


def preload() -> None:
    """Load what providers are made from, for a process that forks others which need one at once."""
    iam.preload()


_KINDS = {"aws-iam": AwsIam}

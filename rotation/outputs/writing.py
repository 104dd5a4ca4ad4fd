"""A strategy's secrets: the pair, and where it has them the SES SMTP user name and password. All of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto import SealingKey
from models import AccessKey, RotationStrategy, Secret
from models.access_key import is_current
from models.copies.wanting import hold_copies, want_strategy
from models.secret import current_values, write_secret
from rotation.errors import RotationError
from rotation.outputs.smtp import smtp_password
from rotation.provider import KeyPair


def write_outputs(
    session: Session, key: SealingKey, strategy: RotationStrategy, pair: KeyPair, *,
    now: datetime, by: str, reason: str, rotation_id: int,
) -> list[Secret]:  # fmt: skip
    """Write the pair and what is derived from it into the strategy's secrets, without committing; returns them.

    Raises `secret_missing` when one of them is gone.
    """
    secrets = _locked(session, strategy.output_ids)
    hold_copies(session, {(secret.environment_id, secret.path) for secret in secrets}, strategy.id)
    for secret, value in zip(secrets, _values(strategy, pair), strict=True):
        write_secret(session, key, secret, value.encode(), now=now, author=by, reason=reason, rotation_id=rotation_id)
    want_strategy(session, strategy.id, now)
    return secrets


def move_outputs(
    session: Session, key: SealingKey, strategy: RotationStrategy, old: Sequence[Secret | None], region: str, *,
    now: datetime, by: str,
) -> None:  # fmt: skip
    """Give an edited strategy's other secrets what programs read now, without committing.

    `old` and `region` are its outputs and SMTP region before the edit. SMTP secrets are written only while the secrets
    hold the key that the strategy published or took over: of a placeholder nothing can be derived.
    """
    pair = [secret for secret in old[:2] if secret is not None]
    if len(pair) < 2 or (tuple(old) == strategy.outputs and region == strategy.smtp_region):  # noqa: PLR2004 - a pair
        return
    values = current_values(session, key, [secret.id for secret in pair])
    wanted = [values[secret.id] for secret in pair]
    texts = [value.decode(errors="replace") for value in wanted]
    if strategy.smtp_region and _is_published(session, strategy, texts[0]):
        wanted = [value.encode() for value in _values(strategy, KeyPair(*texts))]
    places = {(secret.environment_id, secret.path) for secret in strategy.outputs if secret is not None}
    hold_copies(session, places, strategy.id)
    for number, (secret, value) in enumerate(zip(strategy.outputs, wanted, strict=False)):
        is_other = secret is not (old[number] if number < len(old) else None)
        if secret is not None and (is_other or (number >= 2 and region != strategy.smtp_region)):  # noqa: PLR2004 - after the pair
            reason = f"moved with the strategy of {strategy.user_name}"
            write_secret(session, key, secret, value, now=now, author=by, reason=reason)
    want_strategy(session, strategy.id, now)


def _values(strategy: RotationStrategy, pair: KeyPair) -> tuple[str, ...]:
    """What the strategy's outputs are to hold, in their order."""
    values = (pair.access_key_id, pair.secret_access_key)
    if not strategy.smtp_region:
        return values
    return (*values, pair.access_key_id, smtp_password(pair.secret_access_key, strategy.smtp_region))


def _is_published(session: Session, strategy: RotationStrategy, access_key_id: str) -> bool:
    found = session.scalar(
        select(AccessKey.id).where(is_current(strategy.id), AccessKey.access_key_id == access_key_id)
    )
    return found is not None


def _locked(session: Session, secret_ids: Sequence[int | None]) -> list[Secret]:
    """The secrets, held until the commit. Locked by id, as by all: else two could wait for each other."""
    found = session.scalars(
        select(Secret)
        .where(Secret.id.in_(secret_ids))
        .order_by(Secret.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    by_id = {secret.id: secret for secret in found}
    try:
        return [by_id[secret_id or 0] for secret_id in secret_ids]
    except KeyError:
        raise RotationError("secret_missing") from None

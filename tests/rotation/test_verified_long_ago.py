"""A key that was verified, and whose worker died before it could publish it: much may have happened since."""

from __future__ import annotations

import pytest

from models import KeyState, State
from tests.rotation.world import DAY


class DiedError(BaseException):
    """The process ends here."""


@pytest.fixture
def verified(world, monkeypatch):
    """The id of a rotation that is about to publish, and of which nobody has heard since yesterday."""
    world.rotate()
    world.clock.advance(10 * DAY)
    rotation_id = world.request()

    def die(*_args, **_options):
        raise DiedError

    with monkeypatch.context() as patched:
        patched.setattr("rotation.publishing.write_outputs", die)
        with pytest.raises(DiedError):
            world.finish(rotation_id)
    assert world.rotation(rotation_id).state == State.PUBLISHING
    world.clock.advance(DAY)
    return rotation_id


def test_it_is_verified_anew(world, verified):
    tries = len(world.aws.calls_of("try_key"))
    assert world.finish(verified).state == State.SUCCEEDED
    assert len(world.aws.calls_of("try_key")) == tries + 3
    assert world.consumer_call_works()


def test_one_that_aws_refuses_by_now_is_not_published(world, verified):
    before = world.pair()
    (made,) = world.access_keys(KeyState.CREATED)
    world.aws.remove_key(made.access_key_id)
    assert world.finish(verified).error_code == "key_not_accepted"
    assert world.pair() == before
    assert world.consumer_call_works()

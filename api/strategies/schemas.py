"""What is sent and answered about strategies."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from api.fields import LARGEST_ID, Answer, Moment
from api.paging import PageAnswer, PageQuery
from api.waiting import wait_field
from models import KeyState, State, Trigger
from models.rotation import Purpose, StepName
from views.shown.state import Group


def _one_of(kind: type) -> validate.OneOf:
    return validate.OneOf([each.value for each in kind])  # type: ignore[attr-defined]


class FailureAnswer(Answer):
    """Why a rotation failed; docs/errors.md lists the codes."""

    code = fields.String()
    heading = fields.String()
    why = fields.String()
    what_to_do = fields.String()


class CallAnswer(Answer):
    """A question to AWS and its answer."""

    at = fields.String()
    action = fields.String()
    said = fields.String()
    ok = fields.Boolean()


class StepAnswer(Answer):
    """A step as it went, or as it is to come."""

    name = fields.String(validate=_one_of(StepName))
    state = fields.String(validate=validate.OneOf(["done", "failed", "running", "waiting", "to-come"]))
    text = fields.String()
    started_at = Moment(allow_none=True)
    ended_at = Moment(allow_none=True)
    calls = fields.List(fields.Nested(CallAnswer))


class RotationInListAnswer(Answer):
    """A rotation without its steps."""

    id = fields.Integer()
    strategy_id = fields.Integer()
    state = fields.String(validate=_one_of(State))
    purpose = fields.String(validate=_one_of(Purpose))
    trigger = fields.String(validate=_one_of(Trigger))
    requested_by = fields.String(metadata={"description": "A person, `token:` and a token, or `schedule`."})
    requested_at = Moment()
    started_at = Moment(allow_none=True)
    ended_at = Moment(allow_none=True, metadata={"description": "Null until it has succeeded or failed."})
    waits_until = Moment(allow_none=True, metadata={"description": "Nothing is done before."})
    waits_for = fields.String(
        allow_none=True, metadata={"description": "Why it waits: a code of docs/errors.md, where it is for a reason."}
    )
    failure = fields.Nested(FailureAnswer, allow_none=True)


class RotationAnswer(RotationInListAnswer):
    """A rotation with its steps."""

    access_key_id = fields.String(allow_none=True, metadata={"description": "The key that it makes or goes back to."})
    steps = fields.List(fields.Nested(StepAnswer))


class RotationsAnswer(PageAnswer):
    """Rotations, the newest first."""

    rotations = fields.List(fields.Nested(RotationInListAnswer))


class RotateBody(Schema):
    """How to rotate."""

    old_key = fields.String(
        load_default="wait",
        validate=validate.OneOf(["wait", "ask"]),
        metadata={
            "description": "Where the target still has its old key, so that AWS has no room: `wait` until it has "
            "retired, or `ask`: nothing is started, and the answer is 409."
        },
    )


class RotationQuery(Schema):
    """How to watch."""

    wait = wait_field()


class StrategySecretsAnswer(Answer):
    """The names of the secrets that it writes, at its path."""

    access_key_id = fields.String()
    secret_access_key = fields.String()


class StrategyAnswer(Answer):
    """A strategy."""

    id = fields.Integer()
    user_name = fields.String(metadata={"description": "The IAM user whose key it turns."})
    account_id = fields.String(allow_none=True)
    environment = fields.String()
    path = fields.String()
    secrets = fields.Nested(StrategySecretsAnswer)
    connection = fields.String()
    state = fields.String(validate=_one_of(Group))
    says = fields.String(metadata={"description": "The state in words, for people."})
    failure = fields.Nested(FailureAnswer, allow_none=True)
    access_key_id = fields.String(allow_none=True, metadata={"description": "The key that programs read."})
    next_at = Moment(allow_none=True, metadata={"description": "When it rotates next by itself."})
    interval_s = fields.Integer(allow_none=True)
    cron = fields.String(allow_none=True)
    time_zone = fields.String()
    rotation_id = fields.Integer(allow_none=True, metadata={"description": "Its newest rotation."})
    rotation_state = fields.String(allow_none=True)
    hands_out = fields.String(metadata={"description": "`session`: temporary credentials; `key`: the key itself."})
    may_fetch = fields.Boolean(metadata={"description": "Whether the token fetches its credentials."})
    may_rotate = fields.Boolean(metadata={"description": "Whether the token starts its rotations."})


class StrategiesAnswer(PageAnswer):
    """Strategies, by id."""

    strategies = fields.List(fields.Nested(StrategyAnswer))


class KeysQuery(PageQuery):
    """Which keys."""

    strategy = fields.Integer(
        validate=validate.Range(0, LARGEST_ID), metadata={"description": "Only of the strategy of this id."}
    )


class KeyAnswer(Answer):
    """An access key, never its secret."""

    access_key_id = fields.String(allow_none=True, metadata={"description": "Null until AWS has told it."})
    strategy_id = fields.Integer()
    rotation_id = fields.Integer(allow_none=True, metadata={"description": "Null for a key that was there before."})
    state = fields.String(validate=_one_of(KeyState))
    created_at = Moment(allow_none=True)
    published_at = Moment(allow_none=True)
    replaced_at = Moment(allow_none=True)
    retire_at = Moment(allow_none=True, metadata={"description": "Not ended before, unless a person says so."})
    held_until = Moment(allow_none=True, metadata={"description": "Until when programs were told that it holds."})
    last_used_at = Moment(allow_none=True)
    last_used_service = fields.String()
    deactivated_at = Moment(allow_none=True)
    deleted_at = Moment(allow_none=True)


class KeysAnswer(PageAnswer):
    """Access keys, the newest first."""

    keys = fields.List(fields.Nested(KeyAnswer))


class ConnectionAnswer(Answer):
    """How AWS is reached; never a secret access key."""

    name = fields.String()
    kind = fields.String(validate=validate.OneOf(["key", "role", "own"]))
    region = fields.String()
    access_key_id = fields.String(metadata={"description": "The manager's; empty where none is stored."})
    role_arn = fields.String()
    account_id = fields.String()
    manager = fields.String(metadata={"description": "Who signs, as AWS told it: `user/key-manager`."})
    checked_at = Moment(allow_none=True)
    worked_at = Moment(allow_none=True)


class ConnectionsAnswer(PageAnswer):
    """Connections, by name."""

    connections = fields.List(fields.Nested(ConnectionAnswer))

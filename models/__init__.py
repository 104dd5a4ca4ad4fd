"""The tables, and the rules that belong to the data. Plain SQLAlchemy: no Flask, no queue, no AWS.

Importing this package makes all tables known to `Base.metadata`.
"""

from models.access_key import AccessKey, KeyState
from models.audit import Action, AuditEntry
from models.base import Base
from models.connection import Connection
from models.copies.copy import Copy
from models.copies.destination import Destination
from models.heartbeat import Heartbeat
from models.many.batch import Batch, BatchItem, Deed
from models.programs.handed import HandedKey, SharedSession
from models.programs.token import ServiceToken, TokenStrategy
from models.programs.writes import TokenWrite
from models.project import Environment, Project, ProjectMember
from models.rotation import Purpose, Rotation, RotationStep, State, StepName, Trigger
from models.secret import Secret, SecretVersion
from models.strategy import Ends, HandsOut, RetireWhen, RotationStrategy
from models.telling.alerts import Alert
from models.telling.deliveries import Delivery
from models.telling.outbox import Kind, OutboxEvent
from models.telling.receivers import NoticeAddress, Webhook
from models.user import OneTimeLink, User, UserSession
from models.watching.uses import KeyUse
from models.watching.wishes import QuietWish

__all__ = [
    "AccessKey",
    "Action",
    "Alert",
    "AuditEntry",
    "Base",
    "Batch",
    "BatchItem",
    "Connection",
    "Copy",
    "Deed",
    "Delivery",
    "Destination",
    "Ends",
    "Environment",
    "HandedKey",
    "HandsOut",
    "Heartbeat",
    "KeyState",
    "KeyUse",
    "Kind",
    "NoticeAddress",
    "OneTimeLink",
    "OutboxEvent",
    "Project",
    "ProjectMember",
    "Purpose",
    "QuietWish",
    "RetireWhen",
    "Rotation",
    "RotationStep",
    "RotationStrategy",
    "Secret",
    "SecretVersion",
    "ServiceToken",
    "SharedSession",
    "State",
    "StepName",
    "TokenStrategy",
    "TokenWrite",
    "Trigger",
    "User",
    "UserSession",
    "Webhook",
]

"""The addresses of webhooks and addresses, and who may reach which."""

from __future__ import annotations

from flask import Blueprint, abort, url_for
from sqlalchemy import select

from database import db
from models import NoticeAddress, Project, Webhook
from models.telling.receivers import Receiver

WEBHOOKS, ADDRESSES = "webhooks", "addresses"

bp = Blueprint("notifications", __name__, url_prefix="/projects/<project_name>/notifications")


def get_webhook(project: Project, receiver_id: str) -> Webhook:
    """The project's webhook of this id; else 404. `project` comes from `get_project`."""
    mine = select(Webhook).where(Webhook.project_id == project.id, Webhook.id == receiver_id)
    return db.session.scalar(mine) or abort(404)


def get_address(project: Project, receiver_id: str) -> NoticeAddress:
    """The project's address of this id; else 404. `project` comes from `get_project`."""
    mine = select(NoticeAddress).where(NoticeAddress.project_id == project.id, NoticeAddress.id == receiver_id)
    return db.session.scalar(mine) or abort(404)


def get_receiver(project: Project, sort: str, receiver_id: str) -> Receiver:
    """One of the two; else 404. `project` comes from `get_project`."""
    return get_webhook(project, receiver_id) if sort == WEBHOOKS else get_address(project, receiver_id)


def sort_of(receiver: Receiver) -> str:
    """How its address begins."""
    return WEBHOOKS if isinstance(receiver, Webhook) else ADDRESSES


def page_of(project: Project, receiver: Receiver) -> str:
    """Its page."""
    return url_for(f"notifications.show_{sort_of(receiver)}", project_name=project.name, receiver_id=receiver.id)

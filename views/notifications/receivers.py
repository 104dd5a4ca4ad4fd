"""What webhooks and addresses share: a page with a log, a test, sending again, the end."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from database import db
from forms.telling.receivers import KIND_WORDS, AddressForm, WebhookForm
from models import Delivery, Kind, Project, Webhook
from models.audit import Action
from models.telling.deliveries import Outcome, deliveries_of, send_again, send_to
from models.telling.outbox import tell
from models.telling.receivers import Receiver, addresses_of, webhooks_of
from rotation.telling.services import SERVICES
from views.fetch import get_project
from views.fetch_rotation import sane_id
from views.frame.identity import audit, me
from views.frame.services import courier, now
from views.htmx import dialog, done
from views.notifications.blueprint import ADDRESSES, WEBHOOKS, bp, get_receiver, page_of, sort_of

PAGE_SIZE = 50
_ONE = f"/<any({WEBHOOKS}, {ADDRESSES}):sort>/<receiver_id>"


@bp.get(f"{_ONE}/log")
def log(project_name: str, sort: str, receiver_id: str) -> ResponseReturnValue:
    """The log as it is now, for a page that waits for an answer."""
    project = get_project(project_name)
    receiver = get_receiver(project, sort, receiver_id)
    return render_template("notifications/_log.html", **_values(project, receiver))


@bp.post(f"{_ONE}/test")
def send_test(project_name: str, sort: str, receiver_id: str) -> ResponseReturnValue:
    """Tell it something, so that one can see whether it arrives."""
    project = get_project(project_name)
    receiver = get_receiver(project, sort, receiver_id)
    event = tell(db.session(), Kind.TEST, now(), project_id=project.id, sent_by=me().name)
    delivery = send_to(db.session(), event, receiver, now())
    db.session.commit()
    courier().delivery(delivery.id, delivery.tries)
    return done(f"{page_of(project, receiver)}#log", toast="The test is on its way")


@bp.post(f"{_ONE}/deliveries/<int:delivery_id>/again")
def send_once_more(project_name: str, sort: str, receiver_id: str, delivery_id: int) -> ResponseReturnValue:
    """Deliver it again, under the same id."""
    project = get_project(project_name)
    receiver = get_receiver(project, sort, receiver_id)
    column = Delivery.webhook_id if sort == WEBHOOKS else Delivery.address_id
    mine = select(Delivery).where(column == receiver.id, Delivery.id == sane_id(delivery_id))
    delivery = db.session.scalar(mine) or abort(404)
    send_again(delivery, now())
    db.session.commit()
    courier().delivery(delivery.id, delivery.tries)
    return done(f"{page_of(project, receiver)}#log", toast="It is on its way again")


@bp.get(f"{_ONE}/delete")
def confirm_delete(project_name: str, sort: str, receiver_id: str) -> ResponseReturnValue:
    """Ask once more."""
    project = get_project(project_name)
    receiver = get_receiver(project, sort, receiver_id)
    return dialog(
        "notifications/_delete.html", project=project, receiver=receiver, sort=sort, back=page_of(project, receiver)
    )


@bp.post(f"{_ONE}/delete")
def delete(project_name: str, sort: str, receiver_id: str) -> ResponseReturnValue:
    """Tell it nothing any more, and forget its log."""
    project = get_project(project_name)
    receiver = get_receiver(project, sort, receiver_id)
    audit(Action.WEBHOOK_DELETE if sort == WEBHOOKS else Action.ADDRESS_DELETE, receiver.name, project_id=project.id)
    db.session.delete(receiver)
    db.session.commit()
    return done(url_for(".list_receivers", project_name=project.name), toast=f"Deleted {receiver.name}")


def page(project: Project, receiver: Receiver, form: WebhookForm | AddressForm) -> str:
    """The page of one, with a form that was refused in its place."""
    template = "notifications/webhook.html" if isinstance(receiver, Webhook) else "notifications/address.html"
    return render_template(template, form=form, services=SERVICES, **_values(project, receiver))


def name_is_free(project: Project, receiver: Receiver, form: WebhookForm | AddressForm) -> bool:
    """Whether no other one has the form's name; if not, the form says so."""
    others = webhooks_of if isinstance(receiver, Webhook) else addresses_of
    taken = {each.name for each in others(db.session(), project.id) if each.id != receiver.id}
    if form.name.data in taken:
        form.name.errors = [f"There is another {form.name.data} in this project. Choose another name."]
    return form.name.data not in taken


def _values(project: Project, receiver: Receiver) -> dict[str, Any]:
    asked = request.args.get("before", type=int)
    before = None if asked is None else sane_id(asked)
    found = deliveries_of(db.session(), receiver, PAGE_SIZE + 1, before)
    shown = found[:PAGE_SIZE]
    return {
        "project": project,
        "receiver": receiver,
        "sort": sort_of(receiver),
        "here": page_of(project, receiver),
        "deliveries": shown,
        "older": shown[-1].id if len(found) > PAGE_SIZE else None,
        "now": now(),
        "waits": before is None and any(each.outcome == Outcome.WAITING and not each.answers for each in shown),
        "words": {kind.value: said for kind, said in KIND_WORDS.items()},
    }

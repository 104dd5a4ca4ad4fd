"""A webhook: made, changed, given another secret."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from database import db
from forms.telling.receivers import RotateWebhook, WebhookForm
from models import Project, Webhook
from models.audit import Action
from models.base import add_unless_there, new_id
from views.fetch import get_project
from views.frame.identity import audit, changes, me
from views.frame.private import allowed_private
from views.frame.services import keyring, now
from views.htmx import dialog, done
from views.notifications.blueprint import bp, get_webhook, page_of
from views.notifications.receivers import name_is_free, page
from views.reauth import password_fresh_required


@bp.get("/webhooks/new")
def show_new_webhook(project_name: str) -> ResponseReturnValue:
    """Show the form of a new webhook."""
    return render_template("notifications/new_webhook.html", project=get_project(project_name), form=WebhookForm())


@bp.post("/webhooks/new")
@password_fresh_required
def make_webhook(project_name: str) -> ResponseReturnValue:
    """Make a webhook and show its secret, once."""
    project, form = get_project(project_name), WebhookForm()
    if not form.validate():
        return render_template("notifications/new_webhook.html", project=project, form=form), 422
    private = allowed_private(form.allows_private, before=False, moved=True)
    webhook = Webhook(
        id=new_id(), project_id=project.id, created_at=now(), created_by=me().name, allows_private=private,
        **form.data_of("name", "url", "kinds", "enabled"),
    )  # fmt: skip
    secret = webhook.give_secret(project.sealing_key(keyring()))
    if not add_unless_there(db.session(), webhook):
        form.name.errors = [f"There is a webhook {form.name.data} in this project. Choose another name."]
        return render_template("notifications/new_webhook.html", project=project, form=form), 422
    audit(Action.WEBHOOK_CREATE, webhook.name, project_id=project.id, leads_to=urlsplit(webhook.url).netloc)
    db.session.commit()
    return _shown_once(project, webhook, secret)


@bp.get("/webhooks/<receiver_id>")
def show_webhooks(project_name: str, receiver_id: str) -> ResponseReturnValue:
    """Show a webhook, its form and its log."""
    project = get_project(project_name)
    webhook = get_webhook(project, receiver_id)
    return page(project, webhook, WebhookForm(formdata=None, obj=webhook))


@bp.post("/webhooks/<receiver_id>")
def change_webhook(project_name: str, receiver_id: str) -> ResponseReturnValue:
    """Change where it leads and what it is told."""
    project = get_project(project_name)
    webhook, form = get_webhook(project, receiver_id), WebhookForm()
    if not form.validate() or not name_is_free(project, webhook, form):
        return page(project, webhook, form), 422
    moved = urlsplit(form.url.data).netloc != urlsplit(webhook.url).netloc
    values = form.data_of("name", "url", "kinds", "enabled")
    values["allows_private"] = allowed_private(form.allows_private, webhook.allows_private, moved=moved)
    if told := changes(webhook, values):
        if webhook.gone_at and form.enabled.data:
            webhook.gone_at = None
        audit(Action.WEBHOOK_CHANGE, webhook.name, project_id=project.id, **told)
        db.session.commit()
    return done(page_of(project, webhook), toast="Saved")


@bp.get("/webhooks/<receiver_id>/rotate")
def confirm_rotate(project_name: str, receiver_id: str) -> ResponseReturnValue:
    """Ask for how long both secrets sign."""
    project = get_project(project_name)
    return _rotate_dialog(project, get_webhook(project, receiver_id), RotateWebhook(formdata=None))


@bp.post("/webhooks/<receiver_id>/rotate")
@password_fresh_required
def rotate_webhook(project_name: str, receiver_id: str) -> ResponseReturnValue:
    """Give the webhook another secret and show that, once."""
    project = get_project(project_name)
    webhook, form = get_webhook(project, receiver_id), RotateWebhook()
    if not form.validate():
        return _rotate_dialog(project, webhook, form, 422)
    secret = webhook.rotate_secret(project.sealing_key(keyring()), form.length, now())
    overlap_s = int(form.length.total_seconds())
    audit(Action.WEBHOOK_ROTATE, webhook.name, project_id=project.id, overlap_s=overlap_s)
    db.session.commit()
    return _shown_once(project, webhook, secret)


def _rotate_dialog(project: Project, webhook: Webhook, form: RotateWebhook, status: int = 200) -> ResponseReturnValue:
    back = page_of(project, webhook)
    return dialog("notifications/_rotate.html", status, project=project, webhook=webhook, form=form, back=back)


def _shown_once(project: Project, webhook: Webhook, secret: str) -> ResponseReturnValue:
    signs_until = webhook.old_until if webhook.old_until and webhook.old_until > now() else None
    to = url_for(".show_webhooks", project_name=project.name, receiver_id=webhook.id)
    return render_template(
        "notifications/shown.html", project=project, webhook=webhook, secret=secret, old_until=signs_until, to=to
    )

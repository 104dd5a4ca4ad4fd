"""Forms as people fill them in, and what pages say about their fields."""

from __future__ import annotations

import html
import re

MANAGER = "keyturn-manager"
KEY_ID = "AKIAEXAMPLEMANAGER00"
SECRET_KEY = "example-manager-secret-do-not-show"
NEW = "/projects/payments/strategies/new/aws-iam"


def strategy_form(**changes):
    """A new strategy over a new manager key, with secrets to be made."""
    form = {
        "manager": "new",
        "manager_access_key": KEY_ID,
        "manager_secret_key": SECRET_KEY,
        "manager_region": "eu-west-1",
        "connection_name": "",
        "iam_username": "billing-api",
        "iam_path": "",
        "existing_key": "",
        "environment": "production",
        "path": "/billing",
        "access_key_secret": "new",
        "access_key_name": "AWS_ACCESS_KEY",
        "access_key_value": "",
        "secret_key_secret": "new",
        "secret_key_name": "AWS_SECRET_ACCESS_KEY",
        "secret_key_value": "",
        "repeat": "every",
        "interval": "30",
        "interval_unit": "days",
        "grace": "24",
        "grace_unit": "hours",
        "retire_when": "quiet",
        "quiet": "24",
        "quiet_unit": "hours",
    }
    return {name: value for name, value in {**form, **changes}.items() if value is not None}


def connection_form(**changes):
    """A new connection."""
    form = {
        "connection_name": "prod-manager",
        "manager_access_key": KEY_ID,
        "manager_secret_key": SECRET_KEY,
        "manager_region": "eu-west-1",
    }
    return {**form, **changes}


def error_at(response, field):
    """What the page says is wrong with a field, or an empty string."""
    found = re.search(rf'id="{field}-error"[^>]*>(.*?)</div>', response.text, re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", "", found[1])).strip() if found else ""


def value_of(response, field):
    """What the page has in an input."""
    found = re.search(rf'<input[^>]*id="{field}"[^>]*>', response.text)
    value = re.search(r' value="([^"]*)"', found[0]) if found else None
    return html.unescape(value[1]) if value else ""


def text_of(response):
    """The page's words."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.text)))

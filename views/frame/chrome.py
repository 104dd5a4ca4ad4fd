"""What base.html needs on every page."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from flask_login import current_user

from config import VERSION
from views.fetch import my_projects
from views.frame.identity import page_path
from views.frame.services import config, now
from views.frame.times import reader_zone


def init_app(app: Flask) -> None:
    """Give the templates their globals."""
    version = _static_version(Path(str(app.static_folder)))

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("v", version)

    with app.test_request_context():
        icons = url_for("static", filename="vendor/icons.svg")
    app.jinja_env.globals.update(
        chrome_aws=aws_banner,
        chrome_page_path=page_path,
        chrome_projects=my_projects,
        chrome_theme=lambda: current_user.theme if current_user.is_authenticated else "",
        chrome_zone=zone_line,
        current_user=current_user,
        icons_url=icons,
        version=VERSION,
    )


def aws_banner() -> str:
    """`practice`, the endpoint that stands in for AWS, or nothing when AWS is the real one."""
    if config().practice:
        return "practice"
    return config().aws_endpoint_url


def zone_line() -> str:
    """`Europe/Berlin (UTC+01:00)`: the zone in which this page tells times."""
    offset = f"{now().astimezone(reader_zone()):%z}"
    return "UTC" if str(reader_zone()) == "UTC" else f"{reader_zone()} (UTC{offset[:3]}:{offset[3:]})"


def _static_version(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:10]

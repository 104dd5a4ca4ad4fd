"""The blueprint of what is done to many strategies."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("bulk", __name__, url_prefix="/projects/<project_name>/strategies/bulk")

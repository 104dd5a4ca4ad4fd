"""The blueprint of this package."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("ending", __name__, url_prefix="/projects/<project_name>/strategies/<int:strategy_id>")

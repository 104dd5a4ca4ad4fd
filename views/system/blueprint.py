"""The addresses that tell how Keyturn is, and what every template may ask."""

from __future__ import annotations

from flask import Blueprint

from views.system.state import system_state

bp = Blueprint("system", __name__)
bp.add_app_template_global(system_state)

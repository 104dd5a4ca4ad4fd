"""The addresses of programs: each error there is a problem."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.exceptions import HTTPException

from api.problems import Problem, answer, of_http

bp = Blueprint("api", __name__)
bp.register_error_handler(Problem, answer)
bp.register_error_handler(HTTPException, of_http)

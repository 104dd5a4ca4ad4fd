"""Who may let Keyturn ask a private address."""

from __future__ import annotations

from flask_login import current_user
from wtforms import Field


def allowed_private(wished: Field, before: bool, *, moved: bool) -> bool:  # noqa: FBT001
    """Whether it may lead to a private address: an administrator says so, and others only to where one has said so.

    `wished`: the form's box. `moved`: whether it leads elsewhere than before.
    """
    return bool(wished.data) if current_user.is_admin else before and not moved

"""The pages. A blueprint for each family; views are verbs as in the UI."""

from __future__ import annotations

from flask import Flask

from views import (
    account,
    audit,
    bulk,
    connection_form,
    connections,
    copies,
    door,
    ending,
    lost_keys,
    notifications,
    old_keys,
    people,
    programs,
    projects,
    reauth,
    rotations,
    secrets,
    strategies,
    strategy_form,
    system,
    tokens,
    watching,
)

BLUEPRINTS = (
    door.bp,
    account.bp,
    people.bp,
    connection_form.bp,
    connections.bp,
    tokens.bp,
    copies.bp,
    notifications.bp,
    strategy_form.bp,
    strategies.bp,
    bulk.bp,
    old_keys.bp,
    lost_keys.bp,
    ending.bp,
    watching.bp,
    programs.bp,
    rotations.bp,
    projects.bp,
    secrets.bp,
    audit.bp,
    system.bp,
)


def register(app: Flask) -> None:
    """Add all pages to the app."""
    reauth.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)

"""What can't be in any database is told as unreadable or as not there, never as a failure of Keyturn's own."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app import create_app
from config import Config
from database import db
from tests import turned

HUGE = "9" * 30


@pytest.mark.parametrize("address", ["", "/rotations", "/row", "/old-key"])
def test_an_id_that_is_too_large_is_not_there(bob_client, address):
    assert bob_client.get(f"/projects/payments/strategies/{HUGE}{address}").status_code == 404


def test_older_rotations_than_one_of_an_impossible_id(session, keyring, payments, bob_client):
    strategy = turned.strategy(session, keyring, payments)
    session.commit()
    page = f"/projects/payments/strategies/{strategy.id}/rotations"
    assert bob_client.get(f"{page}?before={HUGE}").status_code == 404
    assert bob_client.get(f"{page}?before=-{HUGE}").status_code == 404
    assert bob_client.get(f"{page}?before=none").status_code == 200


def test_what_postgresql_cannot_hold_is_unreadable(postgres_url, tmp_path):
    """A NUL, say. The view stands for any that hands a text of the request to the database."""
    app = create_app(Config(instance=tmp_path, database_url=postgres_url))
    app.view_functions["door.tell_setup"] = lambda: db.session.scalar(text("SELECT :name"), {"name": "a\0b"})
    app.view_functions["door.tell_setup"].is_public = True
    response = app.test_client().get("/setup")
    assert response.status_code == 400
    assert "read this request" in response.text

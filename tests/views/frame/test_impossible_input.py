"""What can't be in any database is told as unreadable or as not there, never as a failure of Keyturn's own."""

from __future__ import annotations

import pytest

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

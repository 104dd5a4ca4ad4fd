"""Connections that aren't a plain key: a role, the server's own credentials, an endpoint or a proxy of their own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import Action, AuditEntry, Connection
from rotation.provider import Identity
from tests import turned
from tests.fake_clock import START
from tests.fake_provider import ACCOUNT
from tests.views.setup.filled import KEY_ID, connection_form, error_at, text_of

LIST = "/projects/payments/connections"
PAGE = f"{LIST}/prod-manager"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/keyturn"
CALLER = f"arn:aws:iam::{ACCOUNT}:user/keyturn-manager"


def role_form(**changes):
    return connection_form(kind="role", **{"role_arn": ROLE, **changes})


def own_form():
    return connection_form(kind="own", manager_access_key="", manager_secret_key="")


def edit_form(**changes):
    form = {
        "connection_name": "prod-manager", "region": "eu-west-1", "verify_rounds": "8", "verify_gap_s": "1",
        "verify_services": ["sts", "iam", "s3"],
    }  # fmt: skip
    return {**form, **changes}


@pytest.fixture
def only(session, payments):
    """The only connection there is, or None."""
    return lambda: session.query(Connection).populate_existing().one_or_none()


@pytest.fixture
def lending(session, payments):
    payments.lends_own = True
    session.commit()


@pytest.fixture
def as_role(aws, monkeypatch):
    """AWS answers as the role."""
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/keyturn/keyturn-check"
    monkeypatch.setattr(aws, "identify", lambda: Identity(ACCOUNT, arn, CALLER))


class TestRole:
    def test_is_assumed_by_a_stored_key(self, bob_client, aws, as_role, only, payments, session):
        assert bob_client.post(f"{LIST}/new", data=role_form()).status_code == 303
        made = only()
        assert (made.kind, made.role_arn, made.access_key_id) == ("role", ROLE, KEY_ID)
        assert (made.manager, made.assumed_by, made.worked_at) == ("role/keyturn", CALLER, START)
        role = aws.access.role
        assert (role.arn, role.external_id, role.session_name) == (ROLE, payments.external_id, "keyturn-check")
        (entry,) = session.query(AuditEntry).filter(AuditEntry.action == Action.CONNECTION_CREATE)
        assert entry.detail == {"key": KEY_ID, "role": ROLE, "region": "eu-west-1"}

    def test_shows_the_trust_policy_to_paste(self, bob_client, aws, as_role, payments):
        before = bob_client.get(f"{LIST}/new").text
        assert payments.external_id in before
        assert "sts:ExternalId" in before
        bob_client.post(f"{LIST}/new", data=role_form())
        page = bob_client.get(PAGE)
        assert f"role keyturn account {ACCOUNT}" in text_of(page)
        assert CALLER in page.text
        assert payments.external_id in page.text

    def test_that_can_not_be_assumed_says_by_whom(self, bob_client, aws, only):
        aws.fail_next("identify", "role_not_assumable", caller=CALLER, role=ROLE)
        response = bob_client.post(f"{LIST}/new", data=role_form())
        assert f"AWS doesn't let {CALLER} assume the role {ROLE}" in error_at(response, "role_arn")
        assert f'"AWS": "<span class="own">{CALLER}' in response.text.replace("&#34;", '"')
        assert only() is None

    def test_is_assumed_by_the_servers_own_where_it_may(self, bob_client, aws, as_role, lending, only):
        form = role_form(manager_access_key="", manager_secret_key="")
        assert bob_client.post(f"{LIST}/new", data=form).status_code == 303
        assert (only().kind, only().access_key_id, only().secret_access_key) == ("role", "", None)
        assert aws.access.key is None
        assert aws.access.may_lend

    def test_wants_a_key_elsewhere(self, bob_client, aws, only):
        form = role_form(manager_access_key="", manager_secret_key="")
        response = bob_client.post(f"{LIST}/new", data=form)
        assert error_at(response, "manager_access_key")
        assert (only(), aws.asked) == (None, [])

    @pytest.mark.parametrize(
        ("arn", "region", "why"),
        [
            ("keyturn", "eu-west-1", "looks like arn:aws:iam::"),
            (CALLER, "eu-west-1", "looks like arn:aws:iam::"),
            (ROLE, "cn-north-1", "partition aws; cn-north-1 is of aws-cn"),
            (ROLE.replace("aws", "aws-us-gov", 1), "eu-west-1", "partition aws-us-gov"),
        ],
    )
    def test_that_can_not_be_is_refused(self, bob_client, aws, payments, arn, region, why):
        response = bob_client.post(f"{LIST}/new", data=role_form(manager_region=region, role_arn=arn))
        assert why in error_at(response, "role_arn")

    def test_of_another_partition_is_taken_there(self, bob_client, aws, as_role, only):
        arn = ROLE.replace("aws", "aws-cn", 1)
        bob_client.post(f"{LIST}/new", data=role_form(manager_region="cn-north-1", role_arn=arn))
        assert only().role_arn == arn

    def test_of_another_account_is_refused_while_strategies_use_it(self, bob_client, aws, session, keyring, payments):
        made = turned.connection(session, keyring, payments)
        made.role_arn = ROLE
        turned.strategy(session, keyring, payments)
        session.commit()
        aws.fail_next("identify", "role_not_assumable")
        form = edit_form(role_arn="arn:aws:iam::999999999999:role/keyturn", save_anyway="y")
        assert "account 999999999999" in error_at(bob_client.post(f"{PAGE}/edit", data=form), "role_arn")

    def test_another_one_is_tried_before_it_is_saved(self, bob_client, aws, session, keyring, payments, only):
        made = turned.connection(session, keyring, payments)
        made.role_arn = ROLE
        session.commit()
        form = edit_form(role_arn=f"{ROLE}-2")
        aws.fail_next("identify", "role_not_assumable", times=2)
        response = bob_client.post(f"{PAGE}/edit", data=form)
        assert response.status_code == 422
        assert aws.access.role.arn == f"{ROLE}-2"
        assert "The check failed, so nothing was saved" in text_of(response)
        assert f'value="{ROLE}-2"' in response.text
        assert only().role_arn == ROLE
        assert bob_client.post(f"{PAGE}/edit", data=form | {"save_anyway": "y"}).status_code == 303
        assert only().role_arn == f"{ROLE}-2"


class TestOwnCredentials:
    def test_serve_where_an_administrator_allows_it(self, bob_client, aws, lending, only):
        assert bob_client.post(f"{LIST}/new", data=own_form()).status_code == 303
        assert only().kind == "own"
        assert (aws.access.key, aws.access.may_lend) == (None, True)
        assert "the server\u2019s own, as an administrator allows" in text_of(bob_client.get(PAGE))

    def test_are_neither_offered_nor_taken_elsewhere(self, bob_client, aws, only):
        assert 'value="own"' not in bob_client.get(f"{LIST}/new").text
        response = bob_client.post(f"{LIST}/new", data=own_form())
        assert "may not use the server's own credentials" in error_at(response, "kind")
        assert (only(), aws.asked) == (None, [])

    def test_are_refused_once_it_is_withdrawn(self, bob_client, aws, lending, only, session, payments):
        bob_client.post(f"{LIST}/new", data=own_form())
        payments.lends_own = False
        session.commit()
        bob_client.post(f"{PAGE}/check")
        assert not aws.access.may_lend
        assert "which this project may not use" in text_of(bob_client.get(PAGE))

    def test_are_replaced_by_a_key(self, bob_client, aws, lending, only):
        bob_client.post(f"{LIST}/new", data=own_form())
        form = {"manager_access_key": KEY_ID, "manager_secret_key": "example-manager-secret-do-not-show"}
        assert bob_client.post(f"{PAGE}/key", data=form).status_code == 303
        assert (only().kind, only().access_key_id) == ("key", KEY_ID)


class TestWay:
    def test_a_new_connection_is_asked_by_it(self, bob_client, aws, only):
        form = connection_form(endpoint_url="https://10.0.0.5:8443", proxy_url="http://proxy.example.com:3128")
        assert bob_client.post(f"{LIST}/new", data=form).status_code == 303
        assert (aws.access.endpoint_url, aws.access.proxy_url) == (form["endpoint_url"], form["proxy_url"])
        assert (only().endpoint_url, only().proxy_url) == (form["endpoint_url"], form["proxy_url"])

    def test_it_can_be_changed_and_taken_away(self, bob_client, aws, session, keyring, payments, only):
        turned.connection(session, keyring, payments)
        session.commit()
        bob_client.post(f"{PAGE}/edit", data=edit_form(endpoint_url="https://aws.example.com"))
        bob_client.post(f"{PAGE}/check")
        assert aws.access.endpoint_url == "https://aws.example.com"
        assert "https://aws.example.com" in bob_client.get(PAGE).text
        bob_client.post(f"{PAGE}/edit", data=edit_form(endpoint_url=""))
        assert only().endpoint_url == ""

    def test_one_that_leads_to_another_account_is_refused_while_strategies_use_it(
        self, bob_client, aws, session, keyring, payments, only, monkeypatch
    ):
        turned.strategy(session, keyring, payments)
        session.commit()
        there = "arn:aws:iam::999999999999:user/somebody"
        monkeypatch.setattr(aws, "identify", lambda: Identity("999999999999", there))
        form = edit_form(endpoint_url="https://aws.example.com", save_anyway="y")
        assert "account 999999999999" in error_at(bob_client.post(f"{PAGE}/edit", data=form), "endpoint_url")
        assert only().endpoint_url == ""

    def test_a_better_one_lets_what_failed_go_on(self, bob_client, aws, session, keyring, payments):
        strategy = turned.strategy(session, keyring, payments, due_in=timedelta(days=9))
        aws.add_user(strategy.user_name)
        turned.failed(session, strategy, "aws_unreachable", at=START - timedelta(days=1))
        session.commit()
        bob_client.post(f"{PAGE}/edit", data=edit_form(verify_rounds="9"))
        assert strategy.due_at == START + timedelta(days=9), "the way is the same"
        bob_client.post(f"{PAGE}/edit", data=edit_form(proxy_url="http://proxy.example.com:3128", save_anyway="y"))
        assert strategy.due_at == START

    @pytest.mark.parametrize(
        ("field", "address", "why"),
        [
            ("endpoint_url", "aws.example.com", "looks like https://"),
            ("endpoint_url", "ftp://aws.example.com", "looks like https://"),
            ("endpoint_url", "https://aws example.com", "looks like https://"),
            ("endpoint_url", "https://aws.example.com:0x1", "looks like https://"),
            ("endpoint_url", "http://aws.example.com", "Use https"),
            ("endpoint_url", "https://aws.example.com/iam?x=1", "Leave out what follows"),
            ("proxy_url", "http://bob:example-password@proxy.example.com", "Leave out the name and password"),
            ("proxy_url", "proxy:3128", "looks like https://"),
        ],
    )
    def test_an_address_that_can_not_be_is_refused(self, bob_client, aws, only, field, address, why):
        response = bob_client.post(f"{LIST}/new", data=connection_form(**{field: address}))
        assert why in error_at(response, field)
        assert (only(), aws.asked) == (None, [])

    @pytest.mark.parametrize("address", ["http://127.0.0.1:5000", "http://localhost:5000", "http://[::1]:5000"])
    def test_this_machine_needs_no_tls(self, bob_client, aws, only, address):
        bob_client.post(f"{LIST}/new", data=connection_form(endpoint_url=address))
        assert only().endpoint_url == address

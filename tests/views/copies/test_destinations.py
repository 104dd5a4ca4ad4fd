"""Destinations on their pages: made, tested, changed, deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from models import AuditEntry, Destination
from models.audit import Action
from rotation.copies.kinds import KINDS
from rotation.copies.store import StoreError, Why
from tests.conftest import PASSWORD
from tests.views.copies.conftest import LIST, TOP_AND_BLUE

FORM = {"name": "shop", "at_place": "top", "at_colour": "red", "at_locked": "y", "credential": "example-token"}


def one(session) -> Destination:
    session.expire_all()
    return session.query(Destination).one()


def credential(session, keyring, project) -> str:
    return one(session).open_credential(project.sealing_key(keyring))


def told(session, action: Action) -> AuditEntry:
    return session.query(AuditEntry).filter_by(action=action.value).one()


class TestList:
    def test_nothing_yet(self, bob_client, payments):
        page = bob_client.get(LIST).text
        assert "Nothing is copied anywhere yet" in page
        assert f"{LIST}/new" in page

    def test_each_with_how_its_copies_stand(self, bob_client, session, copy):
        assert "On its way" in bob_client.get(LIST).text
        copy.confirmed = copy.wanted
        session.commit()
        page = bob_client.get(LIST).text
        assert all(words in page for words in ("shop", "board top", "1 copy", "Up to date"))

    def test_a_stranger(self, charlie_client, destination):
        for path in (LIST, f"{LIST}/new", f"{LIST}/{destination.id}", f"{LIST}/add"):
            assert charlie_client.get(path).status_code == 404

    def test_of_another_project(self, bob_client, destination, other_project):
        assert bob_client.get(f"/projects/{other_project.name}/copies/{destination.id}").status_code == 404


class TestMake:
    def test_every_kind_is_offered_and_has_a_form(self, bob_client, payments):
        page = bob_client.get(f"{LIST}/new").text
        assert KINDS
        for kind in KINDS.values():
            assert kind.title in page
            answer = bob_client.get(f"{LIST}/new/{kind.id}")
            assert answer.status_code == 200
            assert kind.title in answer.text
        assert bob_client.get(f"{LIST}/new/drawer").status_code == 404

    def test_seals_the_credential(self, bob_client, session, keyring, payments, shelf):
        answer = bob_client.post(f"{LIST}/new/shelf", data=FORM)
        made = one(session)
        assert answer.headers["Location"] == f"{LIST}/{made.id}"
        assert (made.name, made.settings) == ("shop", {"place": "top", "colour": "red", "locked": "on"})
        assert credential(session, keyring, payments) == "example-token"
        page = bob_client.get(f"{LIST}/{made.id}").text
        assert "board top" in page
        assert "example-token" not in page
        assert told(session, Action.DESTINATION_CREATE).detail == {"leads_to": "board top"}
        assert "Added the destination shop" in bob_client.get("/projects/payments/audit").text

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"name": "No Name"}, "lower-case"),
            ({"at_place": ""}, "Say which board."),
            ({"at_place": "x" * 20_001}, "At most 20,000 characters."),
            ({"at_colour": "green"}, "alid choice"),
            ({"at_colour": "blue", "at_locked": None}, "The top is red."),
            ({"credential": ""}, "Enter the access token."),
            ({"credential": "a\0b"}, "characters of text"),
        ],
    )
    def test_bad_input_comes_back_without_the_credential(self, bob_client, session, shelf, payments, changed, said):
        data = {name: text for name, text in {**FORM, **changed}.items() if text is not None}
        answer = bob_client.post(f"{LIST}/new/shelf", data=data)
        assert answer.status_code == 422
        assert said in answer.text
        assert "example-token" not in answer.text
        assert not session.query(Destination).count()

    @pytest.mark.parametrize("is_long", [True, False])
    def test_a_credential_is_to_be_entered_again(self, bob_client, shelf, payments, monkeypatch, is_long):
        monkeypatch.setitem(KINDS, "shelf", replace(KINDS["shelf"], credential_is_long=is_long))
        again = "shown here: enter it again"
        answer = bob_client.post(f"{LIST}/new/shelf", data={**FORM, "name": "No Name"})
        assert "example-token" not in answer.text
        assert again in answer.text
        assert again not in bob_client.post(f"{LIST}/new/shelf", data={**FORM, "credential": ""}).text
        assert again not in bob_client.get(f"{LIST}/new/shelf").text

    def test_a_name_that_is_there(self, bob_client, session, destination):
        answer = bob_client.post(f"{LIST}/new/shelf", data=FORM)
        assert answer.status_code == 422
        assert "There is a destination shop" in answer.text

    def test_by_a_connection(self, bob_client, session, strategy, payments):
        kind = KINDS["aws-parameter-store"]
        assert "prod-manager" in bob_client.get(f"{LIST}/new/{kind.id}").text
        data = {"name": "ssm", "connection": strategy.connection_id}
        data |= {f"at_{each.name}": each.default for each in kind.settings}
        assert bob_client.post(f"{LIST}/new/{kind.id}", data=data).status_code == 303
        assert one(session).connection_id == strategy.connection_id

    def test_without_a_connection(self, bob_client, payments):
        assert "no connection to AWS yet" in bob_client.get(f"{LIST}/new/aws-parameter-store").text

    def test_an_administrator_alone_allows_private_addresses(self, bob_client, alice_client, session, shelf, payments):
        bob_client.post(f"{LIST}/new/shelf", data={**FORM, "allows_private": "y"})
        alice_client.post(f"{LIST}/new/shelf", data={**FORM, "name": "inside", "allows_private": "y"})
        found = {each.name: each.allows_private for each in session.query(Destination)}
        assert found == {"shop": False, "inside": True}


class TestTest:
    def test_says_what_was_found(self, bob_client, session, destination, shelf):
        bob_client.post(f"{LIST}/{destination.id}/test")
        assert shelf.means[0].credential == "example-token"
        page = bob_client.get(f"{LIST}/{destination.id}").text
        assert "The test went well" in page
        assert "It is a shelf." in page
        assert shelf.writes == []

    def test_says_what_went_wrong_and_what_to_do(self, bob_client, session, destination, shelf, monkeypatch):
        def refuse():
            raise StoreError(Why.FORBIDDEN, "Not yours")

        monkeypatch.setattr(shelf, "check", refuse)
        bob_client.post(f"{LIST}/{destination.id}/test")
        page = bob_client.get(f"{LIST}/{destination.id}").text
        assert "The test failed: not permitted" in page
        assert "Not yours" in page
        assert "Test failed" in bob_client.get(LIST).text

    def test_it_may_be_deleted_meanwhile(self, bob_client, session, destination, shelf, monkeypatch):
        def delete():
            session.delete(session.get(Destination, destination.id))
            session.commit()
            return "It is a shelf."

        monkeypatch.setattr(shelf, "check", delete)
        assert bob_client.post(f"{LIST}/{destination.id}/test").status_code == 404


class TestChange:
    def change(self, client, destination, **changed):
        return client.post(f"{LIST}/{destination.id}", data={**FORM, "credential": "", **changed})

    def test_the_credential_stays_if_it_isnt_given(self, bob_client, session, keyring, payments, copy, destination):
        copy.confirmed = copy.wanted
        copy.next_at = None
        session.commit()
        assert self.change(bob_client, destination, at_colour="blue").status_code == 303
        assert one(session).settings["colour"] == "blue"
        assert credential(session, keyring, payments) == "example-token"
        session.refresh(copy)
        assert copy.is_behind, "its copies are made anew"

    def test_another_credential(self, bob_client, session, keyring, payments, destination):
        self.change(bob_client, destination, credential="example-second")
        assert credential(session, keyring, payments) == "example-second"
        assert told(session, Action.DESTINATION_CHANGE).detail == {"credential": "changed"}

    def test_at_another_place_the_credential_is_given_anew(self, bob_client, session, keyring, payments, destination):
        answer = self.change(bob_client, destination, at_place="elsewhere")
        assert answer.status_code == 422
        assert "it would be sent to another place" in answer.text
        self.change(bob_client, destination, at_place="elsewhere", credential="example-second")
        assert one(session).settings["place"] == "elsewhere"
        assert credential(session, keyring, payments) == "example-second"

    @pytest.mark.parametrize(
        ("changed", "made"), [({"repository": "till"}, []), ({"visibility": "all"}, ["TOKEN"]), ({}, ["TOKEN"])]
    )
    def test_at_another_place_nothing_was_made_yet(self, bob_client, session, copy, destination, changed, made):
        kind = KINDS["github"]
        settings = {each.name: each.default for each in kind.settings} | {"owner": "acme", "repository": "shop"}
        destination.kind, destination.settings = kind.id, settings
        copy.made = ["TOKEN"]
        session.commit()
        self.change(bob_client, destination, **{f"at_{name}": text for name, text in (settings | changed).items()})
        assert one(session).settings == settings | changed
        session.refresh(copy)
        assert copy.made == made

    def test_an_allowed_private_address_is_no_licence_for_another(self, bob_client, session, destination):
        destination.allows_private = True
        session.commit()
        self.change(bob_client, destination, at_colour="blue")
        assert one(session).allows_private
        self.change(bob_client, destination, at_place="elsewhere", credential="example-second")
        assert not one(session).allows_private

    def test_nothing_changed_is_no_change(self, bob_client, session, copy, destination):
        copy.next_at = None
        session.commit()
        assert self.change(bob_client, destination).status_code == 303
        session.refresh(copy)
        assert copy.next_at is None
        assert not session.query(AuditEntry).filter_by(action=Action.DESTINATION_CHANGE.value).count()

    def test_settings_that_dont_go_together(self, bob_client, session, destination):
        answer = bob_client.post(
            f"{LIST}/{destination.id}",
            data={
                "name": "shop",
                "credential": "",
                **{f"at_{name}": text for name, text in TOP_AND_BLUE.items() if text},
            },
        )
        assert answer.status_code == 422
        assert "The top is red." in answer.text

    def test_another_ones_name(self, bob_client, session, payments, destination, shelf):
        bob_client.post(f"{LIST}/new/shelf", data={**FORM, "name": "second"})
        assert "There is a destination second" in self.change(bob_client, destination, name="second").text

    def test_wants_a_fresh_password_in_the_form_itself(
        self, bob_client, session, keyring, payments, destination, clock
    ):
        clock.advance(timedelta(minutes=16).total_seconds())
        assert 'name="confirm_password"' in bob_client.get(f"{LIST}/{destination.id}").text
        answer = self.change(bob_client, destination, credential="example-second")
        assert answer.status_code == 422
        assert "Give your password as well." in answer.text
        assert "example-second" not in answer.text
        wrong = self.change(bob_client, destination, credential="example-second", confirm_password="wrong")
        assert "This isn&#39;t your password." in wrong.text
        assert credential(session, keyring, payments) == "example-token"
        self.change(bob_client, destination, credential="example-second", confirm_password=PASSWORD)
        assert credential(session, keyring, payments) == "example-second"


class TestDelete:
    def test_forgets_it(self, bob_client, session, destination):
        assert "Delete shop?" in bob_client.get(f"{LIST}/{destination.id}/delete").text
        assert bob_client.post(f"{LIST}/{destination.id}/delete").headers["Location"] == LIST
        assert not session.query(Destination).count()

    def test_not_while_something_is_copied_there(self, bob_client, session, copy, destination):
        answer = bob_client.post(f"{LIST}/{destination.id}/delete")
        assert answer.status_code == 422
        assert "1 copy goes there" in answer.text
        assert session.query(Destination).count() == 1

    def test_not_its_connection_either(self, bob_client, session, strategy, destination):
        destination.connection_id = strategy.connection_id
        session.delete(strategy)
        session.commit()
        answer = bob_client.post("/projects/payments/connections/prod-manager/delete")
        assert answer.status_code == 422
        assert "shop" in answer.text

"""What the account's owner does by hand."""

from __future__ import annotations

import json

from moto.iam.exceptions import LimitExceededException

from practice.account import Account

_TAKEN = "taken-away"


class Owner(Account):
    """The account in its owner's hands. Each deed returns the access key ID concerned, if any."""

    def take_permissions(self, name: str) -> str:
        """Deny the user everything, whatever else is allowed."""
        denied = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
        if user := self.user(name):
            user.put_policy(_TAKEN, json.dumps(denied))
        return ""

    def give_permissions(self, name: str) -> str:
        """Give back what `take_permissions` took."""
        if user := self.user(name):
            user.policies.pop(_TAKEN, None)
        return ""

    def deactivate(self, access_key_id: str) -> str:
        """Make the key inactive."""
        if key := self.key(access_key_id):
            key.status = "Inactive"
        return access_key_id

    def delete_user(self, name: str) -> str:
        """Delete the user with all keys."""
        if user := self.user(name):
            for key in user.access_keys:
                self.iam.access_keys.pop(key.access_key_id, None)
            self.iam.users = {id_: other for id_, other in self.iam.users.items() if other is not user}
        return ""

    def make_key(self, name: str) -> str:
        """Make the user a key, if there is room."""
        if self.user(name) is None:
            return ""
        try:
            return str(self.iam.create_access_key(name).access_key_id)
        except LimitExceededException:
            return ""

    def delete_key_of(self, name: str, place: int) -> str:
        """Delete the user's oldest (0) or newest (-1) key, if there is one."""
        user = self.user(name)
        if user is None or not user.access_keys:
            return ""
        access_key_id = str(user.access_keys[place].access_key_id)
        self.iam.delete_access_key(access_key_id, name)
        return access_key_id

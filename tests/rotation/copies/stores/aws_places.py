"""Places in AWS's own stores, at practice AWS, each by a user of its own."""

from __future__ import annotations

from practice.seed import PracticeAws
from rotation.aws import parameter_store, secrets_manager
from rotation.copies.store import Kind, Means, Store
from rotation.reach.access import Access
from tests.practice_aws import new_name

# What the kinds' own words say that the connection has to be permitted.
SECRETS = ("GetSecretValue", "PutSecretValue", "CreateSecret", "TagResource", "DeleteSecret", "DescribeSecret")
PARAMETERS = ("GetParameter", "PutParameter", "DeleteParameters")
ACTIONS = {"secretsmanager": SECRETS, "ssm": PARAMETERS}

VALUE, OTHER = "not-a-real-value-1", "not-a-real-value-2"


class Place:
    """Names below a prefix of its own, and the account's owner beside it."""

    def __init__(self, aws: PracticeAws, kind: Kind, **settings: str) -> None:
        self.aws, self.kind, self.settings = aws, kind, settings
        self.service = "ssm" if kind is parameter_store.KIND else "secretsmanager"
        self.owner = aws.client(self.service, aws._root)
        self.user = new_name("copier")
        aws.iam.create_user(UserName=self.user)
        self.access = Access(aws.make_key(self.user), aws.region, aws.endpoint_url)
        self.permit(*ACTIONS[self.service])
        self.prefix = new_name("/billing") + "/"
        self.made: list[str] = []
        aws.clear_calls()

    def permit(self, *actions: str, on: str = "*") -> None:
        """Let the user do only this."""
        allowed = [f"{self.service}:{action}" for action in actions] or ["sts:GetCallerIdentity"]
        statement = {"Effect": "Allow", "Action": allowed, "Resource": on}
        self.aws.allow(self.user, {"Version": "2012-10-17", "Statement": [statement]})

    def forbid(self, *actions: str) -> None:
        """Let the user do all but this."""
        self.permit(*(action for action in ACTIONS[self.service] if action not in actions))

    def store(self, **changed: str) -> Store:
        return self.kind.make(Means({**self.settings, **changed}, access=self.access))

    def name(self, name: str) -> str:
        return self.prefix + name

    def write(self, **values: str) -> None:
        self.store().write({self.name(name): value for name, value in values.items()}, self.made.append)

    def delete(self, *names: str) -> None:
        self.store().delete([self.name(name) for name in names])

    def calls(self) -> list[str]:
        """The user's calls of the service since the last look."""
        log = [call["action"].partition(":") for call in self.aws.calls() if call["who"] == self.user]
        self.aws.clear_calls()
        return [action for service, _, action in log if service == self.service]


def each_secret(aws: PracticeAws) -> Place:
    return Place(aws, secrets_manager.KIND, form="each")


def one_secret(aws: PracticeAws) -> Place:
    return Place(aws, secrets_manager.KIND, form="one", secret_id=new_name("billing"))


def parameters(aws: PracticeAws) -> Place:
    return Place(aws, parameter_store.KIND, tier="Standard")

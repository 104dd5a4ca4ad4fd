"""The closed list of what can go wrong, each with its remedy.

A failure is told from its code and facts alone (`tell`), so what a page, the audit log and the docs say is one text.
`docs/errors.md` is generated from FAILURES. Facts are words that anybody may read: never a secret access key, never
the text of a foreign exception (botocore's parser error quotes the whole answer, secret included).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

IAM = "aws iam"


@dataclass(frozen=True)
class Told:
    """A failure in words: for the row, the page and the log."""

    heading: str
    why: str
    what_to_do: str
    command: str


@dataclass(frozen=True)
class Failure:
    """One row of the closed list. The texts may name facts, as in `{user}`.

    `transient`: the same rotation tries again by itself after a pause.
    `retryable`: a later scheduled try can help without a person; else the strategy rests until an edit, a Rotate or its
    next due time.
    """

    code: str
    label: str
    heading: str
    why: str
    what_to_do: str
    by_itself: str
    command: str = ""
    transient: bool = False
    retryable: bool = False

    def tell(self, facts: Mapping[str, str]) -> Told:
        """The failure's texts with the facts of one case; a fact that is missing is told by its name."""
        known = _Facts({name: text for name, text in facts.items() if text})
        what_to_do = self.what_to_do if "key" in known else self.what_to_do.replace(_NEVER, _NEVER_UNKNOWN)
        heading, why, what_to_do = (text.format_map(known) for text in (self.heading, self.why, what_to_do))
        command = self.command
        if "role" in known:
            known["role_name"] = known["role"].rpartition("/")[2]
            command = command.replace(_PUT_ON_USER, _PUT_ON_ROLE)
        return Told(heading, why, what_to_do, command.format_map(_Blanks(known)))


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return _UNKNOWN.get(name, name.replace("_", " "))


class _Blanks(dict[str, str]):
    """In a command a missing fact is a word to replace: `--user-name MANAGER`."""

    def __missing__(self, name: str) -> str:
        return name.upper()


_UNKNOWN = {
    "user": "the user",
    "who_reads": "programs read",
    "account": "this account",
    "key": "the key",
    **dict.fromkeys(("manager", "caller"), "the manager"),
    **dict.fromkeys(("role", "external_id"), "of this connection"),
    "connection": "this strategy",
    "action": "the action",
    "arn": "the user's ARN",
    "until": "later",
    "service": "AWS",
    "said": "no answer",
    "endpoint": "AWS",
    "tries": "all",
    "other": "another strategy",
    "times": "",
}

_NEVER = "Never delete {key}, which {who_reads}."
_NEVER_UNKNOWN = "Never delete one that is in use."
"""The same before a key was published or taken over."""

_PUT_ON_USER, _PUT_ON_ROLE = "put-user-policy --user-name {manager}", "put-role-policy --role-name {role_name}"

_REST = "Rests until it is mended."
_AGAIN = "Tries again by itself."

_ROWS = (
    Failure(
        "manager_secret_wrong",
        "Manager's secret key wrong",
        "The manager's secret key doesn't match its access key",
        "SignatureDoesNotMatch: AWS knows {key}, but the secret key is another's.",
        "Enter the pair again at the connection {connection}. A space or line break at the end is a usual cause.",
        _REST,
    ),
    Failure(
        "manager_key_unknown",
        "Manager's key refused",
        "AWS refuses the manager's access key {key}",
        "InvalidClientTokenId: it was deleted or deactivated, or is another partition's.",
        "Activate it in the AWS console, or make a new one for {manager} and press Replace key at the connection "
        "{connection}.",
        _REST,
        f"{IAM} update-access-key --user-name {{manager}} --access-key-id {{key}} --status Active",
    ),
    Failure(
        "role_not_assumable",
        "Role not assumable",
        "AWS doesn't let {caller} assume the role {role}",
        "AccessDenied. There is no such role, its trust policy doesn't name {caller} with the external ID "
        "{external_id}, or {caller} isn't allowed sts:AssumeRole on it.",
        "Paste the trust policy of the connection {connection} into the role; where the role is another account's, "
        "allow {caller} sts:AssumeRole on it too.",
        _REST,
        f"{IAM} update-assume-role-policy --role-name {{role_name}} --policy-document file://trust.json",
    ),
    Failure(
        "session_refused",
        "Role's session refused",
        "AWS refuses the session of the role {role}",
        "{said}: it has expired early, or somebody has revoked the role's sessions.",
        "Nothing, unless it goes on: then look at the role's policies for one that denies by time.",
        _AGAIN,
        transient=True,
        retryable=True,
    ),
    Failure(
        "own_not_allowed",
        "Server's credentials not allowed",
        "The connection {connection} may not use the server's own credentials",
        "They would lend the server's rights to everyone in the project, and no administrator allows it, or no longer.",
        "Have an administrator allow it in the project's settings, or give the connection an access key. Then rotate "
        "again.",
        _REST,
    ),
    Failure(
        "no_own_credentials",
        "Server has no credentials",
        "The server that asks AWS has no credentials of its own",
        "{said}. Looked for in the environment, in profiles, as a web identity, and at the container or instance.",
        "Give the machine an instance role or the process credentials, workers and web alike. Then rotate again.",
        _REST,
    ),
    Failure(
        "not_permitted",
        "Not permitted",
        "The manager may not call {action} on {user}",
        "AccessDenied on {arn}. The policy lacks the action, or names the user without its IAM path.",
        "Paste the policy of this strategy into the permissions of {manager}. It's made for {user}, IAM path included.",
        _REST,
        f"{IAM} put-user-policy --user-name {{manager}} --policy-name keyturn --policy-document file://policy.json",
    ),
    Failure(
        "no_such_user",
        "No such user",
        "There is no IAM user {user} in account {account}",
        "NoSuchEntity. It was renamed or deleted, or the manager is in another account.",
        "Correct the name in the strategy (exact, upper and lower case too), or choose another connection.",
        _REST,
        f"{IAM} get-user --user-name {{user}}",
    ),
    Failure(
        "two_keys",
        "Two keys already",
        "{user} already has two access keys, and IAM allows no third",
        "LimitExceeded. Keyturn knows {known}. {unknown}",
        "In IAM, Users, {user}, Security credentials: delete the key that nobody uses, by its last use, or take the "
        "other one over in the strategy (Existing access key ID). "
        f"{_NEVER} "
        "Then rotate again.",
        _REST,
        f"{IAM} list-access-keys --user-name {{user}}",
    ),
    Failure(
        "old_key_in_grace",
        "Old key in its grace",
        "{user} still has its old key, so there is no room for a new one",
        "IAM allows two keys for a user. {key} is valid until {until} at least.",
        "Wait, or press Retire now at the old key.",
        "Rotates when there is room.",
        retryable=True,
    ),
    Failure(
        "old_key_kept",
        "Waits for you",
        "{user} has an old key that only a person ends",
        "IAM allows two keys for a user. {key} stays until somebody ends it: by the strategy's rule, or as evidence.",
        "Press Retire now, or Delete now where it is inactive, at the old key.",
        "Rotates once the key is gone.",
        retryable=True,
    ),
    Failure(
        "gave_way",
        "Gave way",
        "The rotation gave way to an undo",
        "It waited for the old key to make room, and somebody went back to that key meanwhile.",
        "Rotate again when the key is to turn after all.",
        "Rotates at its next due time.",
    ),
    Failure(
        "no_way_back",
        "No way back",
        "There is no way back to the key before",
        "{said}. Only the user's own key that every service accepts is published.",
        "Nothing was published, and the key in use stays. Rotate, if that one must go.",
        _REST,
    ),
    Failure(
        "throttled",
        "Throttled",
        "AWS throttles IAM calls in this account",
        "{said}: other programs in the account share the limit.",
        "Nothing, unless it goes on: then look for what else calls IAM in this account.",
        _AGAIN,
        transient=True,
        retryable=True,
    ),
    Failure(
        "aws_unreachable",
        "AWS unreachable",
        "AWS doesn't answer",
        "No answer from {endpoint} ({said}).",
        "If it goes on, look at this machine's way out: proxy, DNS, firewall.",
        _AGAIN,
        transient=True,
        retryable=True,
    ),
    Failure(
        "aws_refused",
        "AWS refused",
        "AWS refused {action} on {user} with {said}",
        "It is an answer that Keyturn has no better words for; request {request_id}.",
        "Look the code up in AWS's documentation of {action}. Then rotate again.",
        _REST,
    ),
    Failure(
        "answer_lost",
        "Answer lost",
        "AWS may have made a key whose secret nobody knows",
        "{said} after CreateAccessKey was sent. Asking again could make another, so Keyturn doesn't.",
        "With iam:ListAccessKeys Keyturn finds and deletes it. Without: look at {user} in IAM, delete the key made at "
        f"{{until}} that Keyturn doesn't know. {_NEVER} Then clear it up on the strategy's page and rotate again.",
        "Is found and deleted where the manager may call iam:ListAccessKeys; else rests until mended.",
        f"{IAM} list-access-keys --user-name {{user}}",
    ),
    Failure(
        "key_not_accepted",
        "New key not accepted",
        "{service} didn't accept the new key in time",
        "{said} at the last of {tries} tries. New keys take seconds as a rule.",
        "Nothing was published; the new key {key} is deleted again. If it repeats, look at the AWS Health Dashboard.",
        _AGAIN,
        retryable=True,
    ),
    Failure(
        "key_of_other_user",
        "New key is another's",
        "The new key answers as {arn}, not as {user}",
        "GetCallerIdentity names another account or user.",
        "Nothing was published. Check the endpoint: is AWS_ENDPOINT_URL set?",
        _REST,
    ),
    Failure(
        "existing_key_not_targets",
        "Existing key is another's",
        "The existing access key {key} isn't one of {user}",
        "{said}. Keyturn takes over and later deletes only what AWS says belongs to the user.",
        "Correct the Existing access key ID in the strategy, or leave it empty. Then rotate again.",
        _REST,
        f"{IAM} get-access-key-last-used --access-key-id {{key}}",
    ),
    Failure(
        "target_taken",
        "User has another strategy",
        "{user} in account {account} is already turned by {other}",
        "Two strategies on one user would delete each other's keys.",
        "Delete one of the two strategies.",
        _REST,
    ),
    Failure(
        "secret_missing",
        "Output secret missing",
        "An output secret of this strategy is gone",
        "There is nowhere to publish the new key.",
        "Edit the strategy and choose both output secrets.",
        _REST,
    ),
    Failure(
        "unknown_key",
        "Key unknown to AWS",
        "AWS knows no access key {key}",
        "{said}. It was deleted outside Keyturn, or AWS doesn't say whose it is.",
        "Look at {user} in IAM. A key that isn't proven to be the user's is never deleted. Once it is gone, clear it "
        "up on the strategy's page.",
        _REST,
        f"{IAM} list-access-keys --user-name {{user}}",
    ),
    Failure(
        "key_is_published",
        "Old key is read again",
        "The old key {key} is the one that {who_reads}",
        "It was published again: somebody brought an earlier version back.",
        "Rotate: {who_reads} a new key then, and this one retires. It isn't deleted meanwhile.",
        _REST,
    ),
    Failure(
        "published_key_deleted",
        "Current key deleted at AWS",
        "The key {key} that {who_reads} was deleted at AWS",
        "{said}, and AWS lists it no more for {user}. Keyturn, which tries each published key daily, didn't delete it.",
        "Rotate: {who_reads} a new key then. Keyturn doesn't do so by itself, for somebody deleted this one for a "
        "reason.",
        _REST,
        f"{IAM} list-access-keys --user-name {{user}}",
    ),
    Failure(
        "published_key_inactive",
        "Current key deactivated at AWS",
        "The key {key} that {who_reads} was deactivated at AWS",
        "{said}: AWS lists it as Inactive. Keyturn didn't deactivate it.",
        "Activate it, or rotate: {who_reads} a new key then.",
        _REST,
        f"{IAM} update-access-key --user-name {{user}} --access-key-id {{key}} --status Active",
    ),
    Failure(
        "published_key_refused",
        "Current key refused",
        "AWS refuses the key {key} that {who_reads}",
        "{said}: it was deleted or deactivated outside Keyturn, or its secret key isn't the one beside it.",
        "Look at {user} in IAM. Then activate it or rotate: {who_reads} a new key then.",
        _REST,
        f"{IAM} get-access-key-last-used --access-key-id {{key}}",
    ),
    Failure(
        "published_key_not_targets",
        "Current key is another's",
        "The key {key} that {who_reads} answers as {arn}, not as {user}",
        "Somebody has put the key of another user in its place.",
        "Rotate, or bring the right pair back.",
        _REST,
    ),
    Failure(
        "from_backup",
        "From a backup",
        "{key} was restored from a backup, which may be older than AWS",
        "It may be in use again since, so Keyturn doesn't end it on the word of the backup.",
        "Look at its last use. If nobody uses it any more, press Retire now; else move what uses it first.",
        _REST,
        f"{IAM} get-access-key-last-used --access-key-id {{key}}",
    ),
    Failure(
        "copy_behind",
        "Copy is behind",
        "The copy in {copy} doesn't have the current key yet",
        "{said}. Programs that read it there still use {key}, so it isn't ended.",
        "Mend the copy at its destination's page, or stop it there. Retire now ends the old key all the same.",
        _AGAIN,
        retryable=True,
    ),
    Failure(
        "key_in_connection",
        "Key is a connection's own",
        "A connection asks AWS with the key {key}",
        "Without it Keyturn could neither make nor delete keys, so it neither takes it over nor deletes it.",
        "Give that connection another key (Replace key), or leave Existing access key ID empty. Then rotate again.",
        _REST,
    ),
    Failure(
        "interrupted",
        "Interrupted",
        "Keyturn met an error of its own",
        "{said}. The worker's log has the details.",
        "Rotate again. If it repeats, report it with the log.",
        _AGAIN,
        retryable=True,
    ),
)

FAILURES: Mapping[str, Failure] = {row.code: row for row in _ROWS}

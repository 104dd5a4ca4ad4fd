"""The lines that a program needs to be handed a strategy's credentials, by where it runs."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

_AGENT = (
    "It serves all programs of a machine at 127.0.0.1, where SDKs want no certificate, keeps profiles and files up to "
    "date, and goes on while this server is away. Install it with pip install keyturn."
)
_SYSTEMD = (
    "/etc/keyturn/token holds the token without a newline at its end, which most SDKs would send. From systemd 250 on."
)
_TOKEN_ALONE = "AWS CLI 2.9, Go v1, Go v2 1.17, Java v1, restic and s5cmd know AWS_CONTAINER_AUTHORIZATION_TOKEN alone."  # noqa: S105 - a variable's name


@dataclass(frozen=True)
class Lines:
    """Lines to copy, and where they go."""

    where: str
    text: str


@dataclass(frozen=True)
class Place:
    """Where a program may run, and what it needs there."""

    heading: str
    before: str
    lines: tuple[Lines, ...]
    after: str


def for_any_sdk(base_url: str, strategy_id: int) -> Lines:
    """The two settings that every AWS SDK reads."""
    return Lines("For any AWS SDK", f"{_address(base_url, strategy_id)}\nAWS_CONTAINER_AUTHORIZATION_TOKEN=kt_…")


def places(base_url: str, strategy_id: int, user_name: str) -> list[Place]:
    """The places whose lines differ."""
    address = _address(base_url, strategy_id)
    return [
        *_by_keyturn(base_url, strategy_id, user_name),
        _systemd(address),
        *_in_containers(address.partition("=")[2]),
    ]


def _by_keyturn(base_url: str, strategy_id: int, user_name: str) -> list[Place]:
    return [
        Place(
            "By keyturn agent on the program's machine", _AGENT,
            (
                Lines("agent.toml", f'[[strategy]]\nnumber = {strategy_id}\nprofile = "{user_name}"'),
                Lines("Where it runs", f"keyturn login {base_url}\nkeyturn agent"),
            ),
            "It prints the two variables that a program needs.",
        ),
        Place(
            "AWS CLI, and SDKs by credential_process",
            "For commands, and for SDKs that can't take a long-lived key over http: JavaScript v2 and Rust.",
            (Lines("~/.aws/config", f"[profile {user_name}]\ncredential_process = keyturn credentials {strategy_id}"),),
            "",
        ),
    ]  # fmt: skip


def _systemd(address: str) -> Place:
    return Place(
        "systemd", _SYSTEMD,
        (Lines("In the unit", _text(f"""
            [Service]
            Environment={address}
            Environment=AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=%d/keyturn-token
            LoadCredential=keyturn-token:/etc/keyturn/token
        """)),),
        _TOKEN_ALONE,
    )  # fmt: skip


def _in_containers(url: str) -> list[Place]:
    return [
        Place(
            "Docker Compose", "",
            (Lines("compose.yaml", _text(f"""
                services:
                  program:
                    environment:
                      AWS_CONTAINER_CREDENTIALS_FULL_URI: {url}
                      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: /run/secrets/keyturn_token
                    secrets: [keyturn_token]
                secrets:
                  keyturn_token:
                    file: ./keyturn_token
            """)),),
            "In a container 127.0.0.1 is the container itself: run the agent in it, or in another one whose network it "
            "shares by network_mode.",
        ),
        Place(
            "Kubernetes", "",
            (
                Lines("In the container", _text(f"""
                    env:
                      - name: AWS_CONTAINER_CREDENTIALS_FULL_URI
                        value: {url}
                      - name: AWS_CONTAINER_AUTHORIZATION_TOKEN
                        valueFrom:
                          secretKeyRef: {{name: keyturn-token, key: token}}
                """)),
                Lines("The token", "kubectl create secret generic keyturn-token --from-literal=token=kt_…"),
            ),
            "An agent as a second container of the pod is at 127.0.0.1 for the first.",
        ),
    ]  # fmt: skip


def _address(base_url: str, strategy_id: int) -> str:
    return f"AWS_CONTAINER_CREDENTIALS_FULL_URI={base_url}/v1/credentials/{strategy_id}"


def _text(text: str) -> str:
    return dedent(text).strip()

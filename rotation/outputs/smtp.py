"""The SES SMTP password of an IAM user's key: https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html.

The user name is the access key ID as it stands.
"""

from __future__ import annotations

import hmac
from base64 import b64encode

_SIGNED = ("ses", "aws4_request", "SendRawEmail")
_DATE = "11111111"
_VERSION = b"\x04"


def smtp_password(secret_access_key: str, region: str) -> str:
    """The password that SES takes in `region`, and in no other, from the user of this secret access key."""
    signature = f"AWS4{secret_access_key}".encode()
    for part in (_DATE, region, *_SIGNED):
        signature = hmac.digest(signature, part.encode(), "sha256")
    return b64encode(_VERSION + signature).decode()

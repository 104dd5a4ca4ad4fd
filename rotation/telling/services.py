"""Which services people may be told by, and with what options: Apprise knows more than should be reached from here.

Some of its services act on this machine, and some options read files of it or switch off what protects.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

SERVICES = {
    "mailto": "Mail", "mailtos": "Mail", "slack": "Slack",
    "workflow": "Microsoft Teams", "workflows": "Microsoft Teams", "discord": "Discord", "tgram": "Telegram",
    "gchat": "Google Chat", "mmost": "Mattermost", "mmosts": "Mattermost", "rocket": "Rocket.Chat",
    "rockets": "Rocket.Chat", "zulip": "Zulip", "wxteams": "Webex", "matrix": "Matrix", "matrixs": "Matrix",
    "ntfy": "ntfy", "ntfys": "ntfy", "gotify": "Gotify", "gotifys": "Gotify", "pover": "Pushover",
    "pagerduty": "PagerDuty", "opsgenie": "Opsgenie", "signal": "Signal", "signals": "Signal", "twilio": "Twilio",
}  # fmt: skip
"""How a URL begins, and what it means (https://github.com/caronc/apprise/wiki)."""
OPTIONS = frozenset({
    "bcc", "cc", "channel", "from", "group", "mode", "name", "pass", "priority", "region", "reply", "smtp", "tags",
    "thread", "to", "token", "topic", "user",
})  # fmt: skip
_LENGTH = 2000


def address_problem(text: str) -> str | None:
    """Why people can't be told at `text`, in a sentence that doesn't quote it; None when they may be.

    Whether the service takes it is seen by a test.
    """
    scheme, begins, _ = text.partition("://")
    # Cut wherever Apprise might see an option: it reads URLs by rules of its own.
    parts = re.split(r"[?&;]", text)[1:]
    options = {unquote(part.partition("=")[0]).strip().lower() for part in parts if part}
    if not begins or len(text) > _LENGTH or not text.isprintable():
        return _EXAMPLE
    if scheme.lower() not in SERVICES:
        return f"Keyturn tells people by {', '.join(sorted(set(SERVICES.values()), key=str.lower))}. {_EXAMPLE}"
    if options - OPTIONS:
        return "This option isn't allowed. Those that are: " + ", ".join(sorted(OPTIONS)) + "."
    return None


_EXAMPLE = (
    "An address looks like mailtos://user:password@example.com?to=team@example.com or slack://TokenA/TokenB/TokenC."
)

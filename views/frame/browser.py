"""A browser in words, from what it says of itself."""

from __future__ import annotations

import re

# The first that matches wins: all but Firefox claim to be Safari, Edge and Opera claim to be Chrome as well.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone|iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def browser_words(agent: str) -> str:
    """`Firefox on Linux`, as far as the User-Agent header can be believed."""
    browser = next((word for sign, word in _BROWSERS if sign in agent), "")
    system = next((word for sign, word in _SYSTEMS if re.search(sign, agent)), "")
    if not browser:
        return agent[:40] or "An unknown program"
    return f"{browser} on {system}" if system else browser

"""Time zones: those that there are, and those that are offered."""

from __future__ import annotations

from zoneinfo import available_timezones

KNOWN = frozenset(available_timezones())  # asked once: it walks through the whole time zone database
OFFERED = sorted(zone for zone in KNOWN if "/" in zone and not zone.startswith("Etc/"))

"""The commands for the machine of a program. Each is imported when it runs: `keyturn credentials` has to be quick."""

from __future__ import annotations

COMMANDS = {
    "agent": "keyturn.commands.agent:agent",
    "credentials": "keyturn.commands.credentials:credentials",
    "export": "keyturn.commands.export:export",
    "get": "keyturn.commands.get:get",
    "login": "keyturn.commands.login:login",
    "logout": "keyturn.commands.login:logout",
    "rotate": "keyturn.commands.rotate:rotate",
    "run": "keyturn.commands.run:run",
    "status": "keyturn.commands.status:status",
}
"""By name, where each is."""

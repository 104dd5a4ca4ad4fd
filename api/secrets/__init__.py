"""Secrets, as far as a token reaches.

reading.py    one, some or all with their values, in one answer
schemas.py    what is sent and answered
versions.py   the values that a secret had
writing.py    adding, changing, deleting; but for what strategies write
"""

from api.secrets import reading, versions, writing

__all__ = ["reading", "versions", "writing"]

"""What programs are handed, and who keeps it fresh.

    handing.py    a strategy's credentials for one token, as they are stored: asks nobody
    sessions.py   temporary credentials, fetched ahead of need by workers

Each Expiration that a program is told is first written down, and keeps the key at AWS until then: `held_until` of the
access key, which `rotation/ending/rules.py` obeys.
"""

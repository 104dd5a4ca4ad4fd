"""`keyturn agent`: one process on the machine of the programs, one connection to the server.

settings.py    the agent's file
keeper.py      fetches ahead of need, and goes on with what it has while the server is away
endpoint.py    the endpoint of the AWS SDKs, on loopback
profiles.py    profiles in ~/.aws/credentials
files.py       rendered files
hooks.py       what is run after a change
running.py     all of it together, until a signal
"""

"""The strategies that a token names, and what belongs to them.

connections.py   how AWS is reached, never with its secrets
keys.py          access keys and their states, never their secrets
reach.py         who reaches which
rotations.py     starting and watching rotations
schemas.py       what is sent and answered
showing.py       strategies, with state and next time
"""

from api.strategies import connections, keys, rotations, showing

__all__ = ["connections", "keys", "rotations", "showing"]

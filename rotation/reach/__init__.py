"""How AWS is reached: by a stored key, by a role that is assumed, or by the machine's own credentials.

- `access.py`: what a provider is made from, as a value
- `ways.py`: from a stored connection to its access
- `own_key.py`, `turning.py`: the manager's own key, turned by a strategy whose output is the connection
"""

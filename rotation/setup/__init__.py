"""What people set up, change, check and delete. Nothing here turns a key, and nothing commits.

strategies.py    a strategy with its connection and its secrets, in one transaction
connections.py   connections: made, checked, given another key, deleted
checks.py        what can be tried at AWS without changing anything
policy.py        the policies that a manager needs, to paste into IAM
deletion.py      the end of a strategy: its keys stay, or are deleted at AWS first
"""

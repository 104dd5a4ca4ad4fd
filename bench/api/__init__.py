"""What programs ask of the API, measured.

minimal.py    what it is measured against
programs.py   reads and credentials; the size of the agent
waiters.py    many programs that wait for a change
"""

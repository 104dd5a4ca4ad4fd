"""When a strategy rotates.

schedule.py   the next time, as pure functions
planning.py   a strategy's next time: from its schedule, its last publication and the age that its project allows
sweep.py      finds what is due
"""

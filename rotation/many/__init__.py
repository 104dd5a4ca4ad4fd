"""Many strategies at once.

batches.py   one thing asked for many strategies, done to each in a transaction of its own
turns.py     which rotation a worker takes next
looks.py     which keys are looked at next
"""

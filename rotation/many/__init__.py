"""Many strategies at once.

batches.py   one thing asked for many strategies, done to each in a transaction of its own
"""

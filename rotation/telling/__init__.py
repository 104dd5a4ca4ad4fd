"""Telling others: what is written into the outbox, and how it is delivered from there.

events.py      the engine's events, each written in the transaction of what it tells
watching.py    what has no such transaction: due soon, too old, still wrong; found by the sweep
failures.py    a failure as programs are told it
delivering.py  one delivery: taken, sent, written down
webhooks.py    signed, by the Standard Webhooks rules
notices.py     to people, by Apprise                     words.py     the same in words
"""

"""Copies of secrets in other stores.

store.py    what is asked of a store: the seam between a copy and one kind of place
kinds.py    all kinds of stores there are
stores/     one file for each, but for AWS's own, which are in rotation/aws/
answers.py  what a store says over HTTP: what it means, without anything that was sent
fields.py   what may stand in the fields of several kinds
copying.py  one copy: taken, written, and what came of it
holding.py  an old key waits for the copies of its successor
telling.py  that one fails, and that it is mended
remedies.py why a copy doesn't get on, in words
"""

"""Strategies and connections while they are being filled in: what the forms begin with, offer, and say of themselves.

start.py: what the form begins with.
draft.py: the form with what there is to choose from, and what the page says of it.
practice.py: the practice values of `make demo`.
asking.py: asking AWS, for the checks.
saving.py: the check of a strategy, and saving it.
"""

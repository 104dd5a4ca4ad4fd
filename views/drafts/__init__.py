"""A strategy while it is being filled in: what the form begins with, offers, and says of itself.

start.py: what the form begins with.
draft.py: the form with what there is to choose from, and what the page says of it.
practice.py: the practice values of `make demo`.
saving.py: the check at AWS, and saving.
"""

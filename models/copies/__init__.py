"""Copies of secrets in other stores: where to, what, and how far each one is.

destination.py  another store, with the credential for it
copy.py         what of a project is copied to one destination, and how far it is
wanting.py      which copies a change makes due, written in the transaction of the change
"""

"""Stores that are asked over HTTP. Each file is one, with what a person fills in for it."""

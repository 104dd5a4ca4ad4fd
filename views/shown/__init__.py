"""What pages show of strategies, rotations and keys: rows turned into words and pictures.

facts.py: what the database says of many strategies, in a fixed number of statements.
strategy.py: the state of a strategy, the one place that decides its word, colour and second line.
rotation.py: the state of a rotation, and its steps.
failure.py: a failure in the reader's words, and the way to its remedy.
picture/: keys as bars on a time axis.
listing.py, page.py, rotation_page.py: the list, the page of a strategy, the page of a rotation.
values.py alone knows the request: it gives templates what they are rendered with.
"""

"""What is known of keys between rotations.

uses.py    what AWS tells of a key's uses, and who waits for their end
drift.py   whether the published key still works, and which keys of the target's are none of Keyturn's
"""

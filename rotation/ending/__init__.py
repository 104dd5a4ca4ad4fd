"""How an old key ends: inactive and watched where that is permitted, then deleted.

retirement.py   looks at a key when its time comes, and lets it take its next step
rules.py        when its time has come, by the strategy's rule
wishes.py       what people ask for: longer, now, back
proof.py        whose the key is, and that no program reads it
at_aws.py       inactive, active, deleted: asked of AWS and written down
leaks.py        a compromised key: its successor first, then its end without grace
undoing.py      back to the key before
lost.py         a key whose answer never came: found and deleted, or a person is asked
"""

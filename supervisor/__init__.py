"""Starts, watches and ends the processes that Keyturn is made of.

    up.py, demo.py    what `keyturn up` and `keyturn demo` run, in order
    loop.py           the supervisor: starts again what died, ends all together
    child.py          one child process and whatever it started
    redis_server.py   the Redis of this machine
    web.py, worker.py, scheduler.py    what the children run
    prepare.py        before the others: folder, master key, schema
    checks.py         `keyturn check`

The top process imports what the children run and forks them: they start at once, share that memory, and one that dies
comes back as it was, whatever has become of the files since.
"""

"""Keyturn attacked for as long as wanted, in real processes: `make soak ROTATIONS=300 SEED=1 DATABASE=sqlite`.

    __main__.py     the run: start, attack until so many rotations have ended, let all end, judge
    world.py        practice AWS at its worst, the strategies, and the settings
    fleet.py        the processes: two schedulers, four workers, two webs, Redis; each is started again when it ends
    databases.py    SQLite or PostgreSQL, and what befalls it
    attacks.py      what befalls them, by a seeded plan
    people.py       what people do meanwhile, and the one who clears up what only a person can
    deletions.py    strategies that people delete and make anew
    consumers.py    the programs that read the pairs and call AWS, in a process of their own
    programs.py     programs with AWS SDKs, by endpoint, agent and command, in a process of their own
    promises.py     whether AWS refused what they were promised
    evidence.py     what is told of a key that nobody knows
    table.py        what came of it, by the database and AWS's own log

It exits 1 unless the table's last five lines are 0. SIGUSR1 ends the attack early, and what there is is judged.
"""

"""What Keyturn costs, each figure against a bare baseline in the same run: `make bench`.

    running.py      practice AWS and `keyturn up`, as processes of their own
    filling.py      strategies and secrets in a database
    rotations.py    rotations_vs_bare: 200 rotations against bare.py, plain boto3 with the same calls
    due.py          due_to_start_p99_s: 100 of 10,000 strategies fall due at once
    sweep.py        sweep_10000_ms: a sweep over 10,000 strategies that finds nothing due
    burst.py        burst_1000_vs_perfect: 1,000 due at once; by its name alone, for it takes long
    pages.py        page_vs_plain: two big pages against the same bytes from the same server
    memory.py       rest_pss_mb: all processes at rest

Figures are printed as `name: value` lines, notes begin with `#`.
"""

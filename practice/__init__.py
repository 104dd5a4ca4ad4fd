"""Practice AWS: IAM, STS, S3 and two stores of secrets by moto, behind a layer that adds what the real ones do.

    server.py      HTTP on a loopback port; hands each request to the layer, and spoils answers as told
    layer.py       from a request to its answer: keys, permissions, then moto
    request.py     a request as AWS reads it: service, action, signing key, parameters
    account.py     moto's state: users, keys, policies
    memory.py      moto's state in a file, over a restart
    policy.py      which policies allow which action on which ARN
    store_services.py  what is asked of Secrets Manager and Parameter Store, as policies name it
    owner.py       what the account's owner does by hand
    behaviour/     how it behaves: replicas, last use, pace, faults, deeds
    answers.py     AWS's error documents
    admin.py       /practice/...: behaviour, faults, deeds and the log of calls, while it runs
    stores/        stand-ins for the other stores that a copy is written to
    seed.py        a manager and targets for the demo, the tests and the bench

`python -m practice --port 0 --ready-file FILE` runs it, on loopback only. A new key, a deactivation and a deletion are
known to each replica at its own time, an inactive key is refused, and a policy's Resource counts.
"""

"""What a rotation is: plain Python on a session, a provider, a keyring and a clock. No web, no queue, no boto3.

    requests.py     asks for a rotation: writes the queued row
    engine.py       runs it: next step until it is done or must wait
    steps.py        get ready, create, verify            room.py        who the target is, and room for a key
    publishing.py   both secrets in one transaction      failing.py     wait and try again, or fail
    retirement.py   how an old key ends                  lost.py        a key whose answer never came
    schedule.py     when                                 sweep.py       finds what is due
    deletion.py     the end of a strategy                checks.py      what can be tested without changing anything
    provider.py     the seam to AWS                      aws_iam.py     and aws_clients.py: what knows boto3
    many/           one thing done to many strategies
    errors.py       the closed list of failures          work.py        collaborators, lease and journal

A rotation:

    queued -> creating -> verifying -> publishing -> succeeded
       any of them -> failed, or waiting (`wait_until`) with its worker given back

An access key (models/access_key.py has the table of moves):

    pending -> created -> active -> retiring -> deleted
    pending -> lost -> deleted, or created should the answer still come
"""

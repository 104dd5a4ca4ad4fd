"""What a rotation is: plain Python on a session, a provider, a keyring and a clock. No web, no queue, no boto3.

    requests.py     asks for a rotation: writes the queued row
    engine.py       runs it: next step until it is done or must wait
    steps.py        get ready, create, verify            room.py        who the target is, and room for a key
    publishing.py   both secrets in one transaction      failing.py     wait and try again, or fail
    work.py         collaborators, lease and journal     errors.py      the closed list of failures
    provider.py     the seam to AWS                      clock.py       the seam to time

    when/           schedules, and what is due           setup/         strategies and connections
    reach/          how AWS is reached                   aws/           what knows AWS's SDK
    ending/         how an old key ends                  watching/      uses, drift, keys of others
    outputs/        what is written besides the pair     programs/      what programs are handed
    many/           many strategies at once

A rotation:

    queued -> creating -> verifying -> publishing -> succeeded
       any of them -> failed, or waiting (`wait_until`) with its worker given back

An access key (models/access_key.py has the table of moves):

    pending -> created -> active -> retiring -> deleted
    pending -> lost -> deleted, or created should the answer still come
"""

"""Keyturn on the machine of a program: reads secrets and credentials with a service token. Knows nothing of the server.

commands/        one file a command of `keyturn`
agent/           `keyturn agent`: keeps credentials and files fresh, and serves the AWS SDKs on loopback
formats.py       secrets as dotenv, JSON, shell or Docker write them
login.py         which server, and with which token
pauses.py        how long to wait where asking has failed
problems.py      what can go wrong, with the exit codes that scripts can use
server.py        what is asked of the server
writing.py       files that are swapped whole, mode and owner kept
"""

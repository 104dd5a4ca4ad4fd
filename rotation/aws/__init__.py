"""AWS IAM user keys as a provider: the one folder that knows AWS's SDK.

iam.py           the provider: what the engine asks, by which call, and what each of AWS's errors means
clients.py       botocore's clients, shared by all keys
credentials.py   the machine's own credentials and assumed roles
answers.py       AWS's answers as values
"""

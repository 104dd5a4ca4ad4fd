"""The one folder that knows AWS's SDK: IAM user keys as a provider, and AWS's own stores of secrets.

iam.py              the provider: what the engine asks, by which call, and what each of AWS's errors means
clients.py          botocore's clients, shared by all keys
credentials.py      the machine's own credentials and assumed roles
answers.py          AWS's answers as values
failures.py         what AWS's errors mean, in tables
store_service.py    how a store's service is asked, and what goes wrong there
secrets_manager.py  copies in AWS Secrets Manager
parameter_store.py  copies in the Parameter Store of AWS Systems Manager
"""

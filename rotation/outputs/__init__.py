"""What a rotation writes: the pair of secrets, and what is derived from it.

smtp.py: the SES SMTP password of a secret access key.
writing.py: all of a strategy's secrets, in one transaction.
"""

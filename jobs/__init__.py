"""What RQ runs: functions that take an id, open a session and call the engine. Redis carries ids and nothing else."""

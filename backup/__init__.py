"""Backups of the database: `keyturn backup FILE` and `keyturn restore FILE`.

copying.py     all rows from one database to another, SQLite or PostgreSQL
taking.py      a backup, consistent while Keyturn runs
restoring.py   a restore, and what must hold after it: AWS may have moved on
"""

"""What stands before the Flask app in each web process: it holds requests that wait, without a thread for each.

changes.py   what has changed in the database, asked for once for all who wait
rsgi.py      the app as granian's own interface (RSGI) wants it
waiting.py   who waits for what, until when
"""

from supervisor.front.rsgi import Front

__all__ = ["Front"]

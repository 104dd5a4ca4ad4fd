"""Who is told what: webhooks, which are programs, and addresses of people.

listing.py     the page of both
webhooks.py    a webhook: made, changed, given another secret
addresses.py   an address: made, changed
receivers.py   what both have: a test, the log, sending again, the end
"""

from views.notifications import addresses, listing, receivers, webhooks
from views.notifications.blueprint import bp

__all__ = ["addresses", "bp", "listing", "receivers", "webhooks"]

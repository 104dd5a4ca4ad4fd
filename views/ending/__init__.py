"""What a person does when a key must go, or its successor is no good.

leaks.py: a compromised key, and the policy that its sessions need. undoing.py: back to the key before.
"""

from views.ending import leaks, undoing
from views.ending.blueprint import bp

__all__ = ["bp", "leaks", "undoing"]

"""Media comes in and is encrypted before it touches a disk; who has the key can have it back."""

from amparo.respond.vault.inbox import Inbox
from amparo.respond.vault.keys import ensure_key, recipient_of

__all__ = ["Inbox", "ensure_key", "recipient_of"]

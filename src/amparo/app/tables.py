"""All tables of all features, for those who make or compare them."""

from amparo.access import contracts, installation, look_ups, repeats, solo
from amparo.access import tables as access
from amparo.access.audit import tables as audit
from amparo.access.jurisdiction import store as jurisdiction
from amparo.access.people import tables as people
from amparo.access.witnessed import tables as witnessed
from amparo.db import outbox
from amparo.detect.deciding import flood
from amparo.detect.deciding import tables as deciding
from amparo.detect.lists import tables as lists
from amparo.respond.review.notices import tables as notices
from amparo.respond.webhooks import tables as webhooks

__all__ = [
    "access",
    "audit",
    "contracts",
    "deciding",
    "flood",
    "installation",
    "jurisdiction",
    "lists",
    "look_ups",
    "notices",
    "outbox",
    "people",
    "repeats",
    "solo",
    "webhooks",
    "witnessed",
]

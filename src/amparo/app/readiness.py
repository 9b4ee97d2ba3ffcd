"""Whether a host may be sent requests: its index holds what the database held when it began."""

from amparo.app.serving import Serving
from amparo.core.errors import Unavailable
from amparo.detect.lists.store import Lists
from amparo.wire.readiness import Readiness


def readiness(serving: Serving) -> Readiness:
    """How this host stands."""
    here = serving.index.revisions()
    complete = all(here.get(each, -1) >= wanted for each, wanted in serving.at_start.items())
    try:
        with serving.database.reading() as work:
            there = {each.number: each.revision for each in Lists(work).all()}
    except Unavailable:
        return Readiness(ready=complete, database=False, lists=len(here), lag=None)
    lag = sum(max(0, revision - here.get(number, 0)) for number, revision in there.items())
    return Readiness(ready=complete, database=True, lists=len(here), lag=lag)

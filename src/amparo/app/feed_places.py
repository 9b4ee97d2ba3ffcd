"""Where in a list's changes a reader may be: at a revision that the list has come to."""

from amparo.access.model import Actor
from amparo.core.errors import Conflict
from amparo.db import Database
from amparo.detect.lists.store import Lists


def require_known_place(database: Database, name: str, after: str, actor: Actor) -> None:
    """Raises Conflict where the list has not come so far: its reader would miss what follows.

    `after` is a revision, or a place within the change that follows it, as `read_feed` tells them.
    NotFound where there is no such list.
    """
    revision, _, within = after.partition(".")
    begun = int(revision) + bool(within)
    with database.reading() as work:
        now = Lists(work).get(actor.organisation_id, name).revision
    if begun > now:
        raise Conflict(
            f"The list {name!r} is at revision {now}: {after} was never given, or is from before "
            "a restore. Begin again at 0.",
            code="unknown_revision",
        )

"""Whether an upload goes through: what all guards do, whatever the framework."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from amparo.client.amparo import Amparo
from amparo.client.errors import Away, CallFailed, TooLarge
from amparo.wire.media import Context, MediaAnswer, Uploader

MOST_BYTES = 100 * 1024 * 1024
NOT_TAKEN = "This file cannot be taken."
TRY_LATER = "This file cannot be taken at the moment. Try again later."

WhenAway = Callable[[IO[bytes], CallFailed], None]
"""Keeps a file on which nothing was decided, before it goes through; what it raises stops it."""

_GOES_THROUGH = ("allow", "review")
_log = logging.getLogger(__name__)


class NotTaken(Exception):
    """The file is held, blocked, empty or too long: which of them, nobody outside is told."""


class TryLater(Exception):
    """Nothing was decided, so that nothing goes through."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Asks Amparo about uploads. Used by any number of threads."""

    amparo: Amparo
    most_bytes: int
    when_away: WhenAway | None

    def judge(
        self, file: IO[bytes], uploader: Uploader | str | None, context: Context | None
    ) -> MediaAnswer | None:
        """The decision, where the file goes through; None where it does without one.

        The file is rewound. Raises NotTaken, TryLater, and what `when_away` raises.
        """
        try:
            return self._judge(file, uploader, context)
        finally:
            file.seek(0)

    def _judge(
        self, file: IO[bytes], uploader: Uploader | str | None, context: Context | None
    ) -> MediaAnswer | None:
        if not 0 < file.seek(0, os.SEEK_END) <= self.most_bytes:
            raise NotTaken
        try:
            decision = self.amparo.submit(file, uploader=uploader, context=context)
        except TooLarge:
            raise NotTaken from None
        except Away as error:
            self._without(file, error)
            return None
        except CallFailed as error:
            # The key or what is said with the file is wrong, which waiting does not mend.
            _log.error("Amparo refuses to decide on uploads: %s", error)
            raise TryLater from error
        if decision.action not in _GOES_THROUGH:
            raise NotTaken
        return decision

    def _without(self, file: IO[bytes], error: Away) -> None:
        if self.when_away is None:
            _log.error("An upload was refused, since nothing was decided: %s", error)
            raise TryLater from error
        _log.error("An upload goes through, though nothing was decided: %s", error)
        file.seek(0)
        self.when_away(file, error)


def decision_of(file: object) -> MediaAnswer | None:
    """What was decided on a file that has gone through a guard; keep its `media_id`.

    None where it went through without a decision, or through no guard.
    """
    found = getattr(file, "amparo_decision", None)
    return found if isinstance(found, MediaAnswer) else None

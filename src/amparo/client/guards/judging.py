"""Whether an upload goes through: what all guards do, whatever the framework."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from amparo.client.amparo import Amparo
from amparo.client.errors import Away, CallFailed, NotAmparo, TooLarge
from amparo.wire.media import Context, MediaAnswer, Uploader

MOST_BYTES = 100 * 1024 * 1024
NOT_TAKEN = "This file cannot be taken."
TRY_LATER = "This file cannot be taken at the moment. Try again later."

WhenAway = Callable[[IO[bytes], CallFailed], None]
"""Keeps a file on which nothing was decided, before it goes through; what it raises stops it.

It is asked only where Amparo cannot be reached or is busy. What a proxy or a mistake makes of one
file, an uploader could bring about to get it through: that is refused.
"""

_GOES_THROUGH = ("allow", "review")
_NOBODY_BEHIND = (502, 503, 504)
"""What a proxy says while it does not reach Amparo, whatever the file."""

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
            if isinstance(error, NotAmparo) and error.status == 413:
                _log.error("What stands before Amparo takes no file of this length: %s", error)
                raise NotTaken from None
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
        if self.when_away is None or not _is_away(error):
            _log.error("An upload was refused, since nothing was decided: %s", error)
            raise TryLater from error
        _log.error("An upload goes through, though nothing was decided: %s", error)
        file.seek(0)
        self.when_away(file, error)


def _is_away(error: Away) -> bool:
    """Whether another file would have met the same."""
    if isinstance(error, NotAmparo):
        return error.status in _NOBODY_BEHIND
    return error.status != 500


def decision_of(file: object) -> MediaAnswer | None:
    """What was decided on a file that has gone through a guard; keep its `media_id`.

    None where it went through without a decision, or through no guard.
    """
    found = getattr(file, "amparo_decision", None)
    return found if isinstance(found, MediaAnswer) else None

"""The hashes of one upload, made in the sandbox; what cannot be decoded keeps its digests."""

import threading
from functools import partial

from amparo.app.begun import How, begin
from amparo.app.hash_elsewhere import Elsewhere
from amparo.app.sandbox import limits_of
from amparo.core.problems import Problem
from amparo.core.settings import Settings
from amparo.detect.hashing.digests import digest
from amparo.detect.hashing.in_parts import Enough
from amparo.detect.hashing.model import MediaHashes
from amparo.detect.hashing.once_more import hashed_once_more
from amparo.detect.media.model import MediaError
from amparo.detect.media.sandbox import Sandbox, out_of_memory
from amparo.detect.media.sniff import sniff


class UploadHasher:
    """Hashes uploads, from any number of threads."""

    def __init__(self, sandbox: Sandbox, settings: Settings) -> None:
        self._sandbox = sandbox
        self._limits = limits_of(settings)
        self._how = How(settings.video_seconds)
        self._elsewhere = Elsewhere(settings.hash_seconds)
        self._alone = threading.Lock()

    @property
    def restarts(self) -> int:
        """How many decoders died or were ended."""
        return self._sandbox.restarts

    def stop(self) -> None:
        """End what is under way: who waits for it is told Unavailable."""
        self._sandbox.stop()

    def close(self) -> None:
        """Ask no service any more."""
        self._elsewhere.close()

    def hash(self, data: bytes, enough: Enough | None = None) -> MediaHashes:
        """The hashes of all that can be read. Raises Unavailable where the sandbox cannot run.

        Of a video, those until `enough` says that what is known of it is that.
        """
        asked = self._elsewhere.ask(data)
        return self._elsewhere.joined(self._here(data, enough), asked)

    def _here(self, data: bytes, enough: Enough | None) -> MediaHashes:
        try:
            return hashed_once_more(partial(self._hashes, data, enough))
        except MediaError as error:
            return _digests_only(data, error.problem)
        except MemoryError:
            return _digests_only(data, out_of_memory(self._limits))

    def _hashes(self, data: bytes, enough: Enough | None, *, with_others: bool) -> MediaHashes:
        ask = partial(
            begin, self._sandbox, data, how=self._how, enough=enough, with_others=with_others
        )
        try:
            return ask(self._sandbox.share).result()
        except MemoryError:
            # Its share was too small; one at a time may take all that there is.
            with self._alone:
                return ask(self._limits).all_there_is()


def _digests_only(data: bytes, problem: Problem) -> MediaHashes:
    return MediaHashes(sniff(data), len(data), digest(data), problem=problem)

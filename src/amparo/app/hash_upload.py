"""The hashes of one upload, made in the sandbox; what cannot be decoded keeps its digests."""

import threading
from functools import partial

from amparo.app.hash_elsewhere import Elsewhere
from amparo.app.sandbox import limits_of
from amparo.core.problems import Problem
from amparo.core.settings import Settings
from amparo.detect.hashing.digests import digest
from amparo.detect.hashing.hash_film import hash_parts
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.in_parts import Enough, Gathering
from amparo.detect.hashing.model import MediaHashes
from amparo.detect.hashing.once_more import hashed_once_more
from amparo.detect.media.model import Limits, MediaError
from amparo.detect.media.sandbox import Sandbox, out_of_memory
from amparo.detect.media.sniff import sniff


class UploadHasher:
    """Hashes uploads, from any number of threads."""

    def __init__(self, sandbox: Sandbox, settings: Settings) -> None:
        self._sandbox = sandbox
        self._limits = limits_of(settings)
        self._video_seconds = settings.video_seconds
        self._elsewhere = Elsewhere(settings.hash_seconds)
        self._alone = threading.Lock()

    @property
    def restarts(self) -> int:
        """How many decoders died or were ended."""
        return self._sandbox.restarts

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
        try:
            return self._ask(data, enough, self._sandbox.share, with_others=with_others)
        except MemoryError:
            # Its share was too small; one at a time may take all that there is.
            with self._alone:
                return self._ask(data, enough, self._limits, with_others=with_others)

    def _ask(
        self, data: bytes, enough: Enough | None, limits: Limits, *, with_others: bool
    ) -> MediaHashes:
        if sniff(data).is_video:
            return self._ask_in_parts(data, enough, limits, with_others=with_others)
        return self._sandbox.submit(
            MediaHashes, hash_media, data, limits, with_variants=True, with_others=with_others
        ).result()

    def _ask_in_parts(
        self, data: bytes, enough: Enough | None, limits: Limits, *, with_others: bool
    ) -> MediaHashes:
        gathering = Gathering(seconds=self._video_seconds, enough=enough)
        try:
            return self._sandbox.submit_parts(
                MediaHashes, gathering, hash_parts, data, limits,
                with_variants=True, with_others=with_others,
            ).result()  # fmt: skip
        except MemoryError:
            if limits is not self._limits:
                raise  # it may have more, alone
            problem = out_of_memory(limits)
            return gathering.ended(MediaError(problem.code, problem.message))


def _digests_only(data: bytes, problem: Problem) -> MediaHashes:
    return MediaHashes(sniff(data), len(data), digest(data), problem=problem)

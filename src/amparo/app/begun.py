"""One file that is being hashed in the sandbox: a picture at once, a video part by part.

What a video's beginning has told is kept where its end needs more memory than there is.
"""

from collections.abc import Callable
from dataclasses import dataclass

from amparo.detect.hashing.hash_film import hash_parts
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.in_parts import Enough, Gathering
from amparo.detect.hashing.model import MediaHashes, PdqInput
from amparo.detect.media.model import Limits, MediaError
from amparo.detect.media.sandbox import Answer, Sandbox, out_of_memory
from amparo.detect.media.sniff import sniff

HashBytes = Callable[..., MediaHashes]
"""What runs in the sandbox: `hash_media`, or in a test something that fails on purpose."""


@dataclass(frozen=True, slots=True)
class How:
    """In which way files are hashed. `video_seconds` is how long one video may take."""

    video_seconds: float
    pdq_input: PdqInput = PdqInput.SEEN
    with_variants: bool = True
    hash_bytes: HashBytes = hash_media


@dataclass(frozen=True, slots=True, repr=False)
class Begun:
    """A file at work in the sandbox."""

    answer: Answer[MediaHashes]
    limits: Limits
    gathering: Gathering | None

    def result(self) -> MediaHashes:
        """Its hashes. Raises MediaError, Unavailable, and MemoryError: it may have more, alone."""
        return self.answer.result()

    def all_there_is(self) -> MediaHashes:
        """The same where there is no more memory: of a video, what came before that ended."""
        try:
            return self.answer.result()
        except MemoryError:
            if self.gathering is None:
                raise
            problem = out_of_memory(self.limits)
            return self.gathering.ended(MediaError(problem.code, problem.message))


def begin(
    sandbox: Sandbox,
    data: bytes,
    limits: Limits,
    how: How,
    *,
    enough: Enough | None = None,
    with_others: bool = True,
) -> Begun:
    """Have a file hashed within limits, with the types that are plugged in or without.

    Of a video no more is hashed once `enough` says so of what is known.
    """
    if not sniff(data).is_video:
        answer = sandbox.submit(
            MediaHashes, how.hash_bytes, data, limits,
            pdq_input=how.pdq_input, with_variants=how.with_variants, with_others=with_others,
        )  # fmt: skip
        return Begun(answer, limits, None)
    gathering = Gathering(seconds=how.video_seconds, enough=enough)
    parts = sandbox.submit_parts(
        MediaHashes, gathering, hash_parts, data, limits,
        with_variants=how.with_variants, with_others=with_others,
    )  # fmt: skip
    return Begun(parts, limits, gathering)

"""Whatever befalls the sandbox while a picture is made small, the upload has its decision."""

import time
from pathlib import Path
from typing import Any, cast

import pytest

from amparo.app.metrics import Metrics
from amparo.app.score_upload import NOTHING, UploadScorer
from amparo.core.errors import Unavailable
from amparo.core.ids import OrganisationId, new_id
from amparo.core.problems import Problem, ProblemCode
from amparo.detect.hashing.digests import digest
from amparo.detect.hashing.model import MediaHashes, PictureHash
from amparo.detect.matching.host.sift import Found
from amparo.detect.media.model import Kind, Limits, MediaError
from amparo.detect.media.sandbox import Answer
from amparo.detect.scoring.asked import AskedModel
from amparo.detect.scoring.breaker import FAILURES
from amparo.detect.scoring.plug_ins import load
from amparo.detect.scoring.scorer import PixelScorer
from amparo.detect.scoring.thumbnails import Thumbnails, Wanted
from tests.plug_ins import brightness

HASHES = MediaHashes(Kind.PNG, 1, digest(b"x"), (PictureHash(0, bytes(32), 100),))
OWNER = OrganisationId(new_id())


class Ill:
    """A sandbox of which each piece of work ends with the same error."""

    share = Limits()

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.asked = 0

    def submit(self, *_: object) -> Answer[Any]:
        self.asked += 1
        answer: Answer[Any] = Answer()

        def work() -> object:
            assert self.error is not None
            raise self.error

        if self.error is not None:
            answer.fill(work)
        return answer


def scorer(sandbox: Ill, seconds: float = 5) -> UploadScorer:
    model = load(Path(brightness.__file__))
    assert isinstance(model, PixelScorer)
    asked = (AskedModel(model),)
    return UploadScorer(asked, Wanted((32,)), None, cast(Any, sandbox), seconds, Metrics())


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "too-large"),
        (Unavailable("Workers do not stay alive."), "failed"),
        (MediaError(ProblemCode.MEDIA_DECODER_CRASHED, "The decoder died."), "failed"),
        (None, "late"),
    ],
)
def test_a_picture_that_cannot_be_made_small_is_a_named_absence(
    error: Exception | None, told: str
) -> None:
    began = time.monotonic()
    said = scorer(Ill(error), seconds=0.1).score(b"x", HASHES, Found(()), OWNER)
    assert (said.scores, said.unanswered) == ({}, {"brightness": told})
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "code",
    [
        ProblemCode.MEDIA_OUT_OF_TIME,
        ProblemCode.MEDIA_OUT_OF_MEMORY,
        ProblemCode.MEDIA_DECODER_CRASHED,
    ],
)
def test_what_went_ill_once_is_not_tried_again(code: ProblemCode) -> None:
    sandbox = Ill(None)
    hashes = MediaHashes(
        Kind.PNG, 1, HASHES.digests, HASHES.pictures, Problem(code, "It went ill.")
    )
    assert scorer(sandbox).score(b"x", hashes, Found(()), OWNER) == NOTHING
    assert sandbox.asked == 0


def test_a_file_without_a_picture_is_not_looked_at() -> None:
    sandbox = Ill(None)
    hashes = MediaHashes(Kind.PDF, 1, HASHES.digests)
    assert scorer(sandbox).score(b"x", hashes, Found(()), OWNER) == NOTHING
    assert sandbox.asked == 0


def test_while_all_are_left_alone_nothing_is_decoded_for_them() -> None:
    sandbox = Ill(None)
    one = scorer(sandbox)
    one.asked[0].guarded.breaker.rest(30)
    assert one.score(b"x", HASHES, Found(()), OWNER).unanswered == {"brightness": "breaker"}
    assert sandbox.asked == 0


class Slow(Ill):
    """A sandbox that makes a picture small after so many seconds, by a clock that it moves."""

    def __init__(self, takes_s: float) -> None:
        super().__init__(None)
        self.takes_s = takes_s
        self.now = -1000.0  # long past for whoever looks at another clock, and waits for nothing

    def submit(self, *_: object) -> Answer[Any]:
        self.now += self.takes_s
        answer: Answer[Any] = Answer()
        answer.fill(lambda: Thumbnails(squares=((bytes(32 * 32 * 3),),)))
        return answer


class Never(AskedModel):
    """A scorer that is asked and never answers."""

    times = 0

    def begin(self, *_: object) -> Any:
        """Not even late."""
        self.times += 1
        return self.guarded.begin(Answer)


@pytest.mark.parametrize(
    ("takes_s", "asked", "blamed"), [(9.5, 0, False), (6, 1, False), (4, 1, True)]
)
def test_a_scorer_is_blamed_for_being_late_only_where_it_had_time(
    takes_s: float, asked: int, blamed: bool
) -> None:
    """Of ten seconds; and with hardly any left it is not asked at all."""
    slow, metrics = Slow(takes_s), Metrics()
    model = load(Path(brightness.__file__))
    assert isinstance(model, PixelScorer)
    one = Never(model)
    uploads = UploadScorer(
        (one,), Wanted((32,)), None, cast(Any, slow), 10, metrics, lambda: slow.now
    )
    said = [uploads.score(b"x", HASHES, Found(()), OWNER).unanswered for _ in range(FAILURES)]
    assert said == [{"brightness": "late"}] * FAILURES
    assert one.times == asked * FAILURES
    assert one.guarded.breaker.is_open == blamed

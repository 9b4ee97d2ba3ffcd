"""Of a file of several pictures none is passed over in silence, also where its end is missing."""

from io import BytesIO

import pytest

from amparo.core.problems import ProblemCode
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.model import MediaHashes
from amparo.detect.media.model import Limits
from amparo.testing.hostile import photograph_like


def several(form: str, count: int, **options: object) -> bytes:
    first, *others = [photograph_like(64, 48, seed=number) for number in range(count)]
    out = BytesIO()
    first.save(out, form, save_all=True, append_images=others, **options)
    return out.getvalue()


def hashed(data: bytes) -> MediaHashes:
    return hash_media(data, Limits())


def test_every_page_of_a_document_is_hashed() -> None:
    found = hashed(several("TIFF", 40))
    assert [each.frame for each in found.pictures] == list(range(40))
    assert found.problem is None


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6, 0.9])
def test_of_a_cut_off_animation_the_frames_before_that_are_hashed(share: float) -> None:
    data = several("GIF", 20, duration=1000)
    whole, found = hashed(data), hashed(data[: int(len(data) * share)])
    assert found.problem is not None
    assert found.problem.code in (ProblemCode.MEDIA_DAMAGED, ProblemCode.MEDIA_TRUNCATED)
    assert len(found.pictures) >= int(20 * share) - 1
    assert [each.value for each in found.pictures[1:-1]] == [
        each.value for each in whole.pictures[1 : len(found.pictures) - 1]
    ]

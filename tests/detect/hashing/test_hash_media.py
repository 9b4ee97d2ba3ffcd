"""Digests of everything, hashes of pictures, and nothing compiled after the start."""

import hashlib

import pytest

from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.plug_ins import algorithm as algorithm_of
from amparo.detect.hashing.warm_up import warm_up
from amparo.detect.media.model import Limits
from amparo.kernels import borders
from amparo.kernels.pdq import exact, fast, transform
from amparo.testing.hostile import encoded, photograph_like

warm_up()


@pytest.mark.parametrize("data", [b"", b"words", encoded(photograph_like(), "JPEG")])
def test_digests_are_those_of_the_bytes(data: bytes) -> None:
    digests = hash_media(data, Limits()).digests
    for algorithm in ("md5", "sha1", "sha256"):
        value = getattr(digests, algorithm)
        assert value == hashlib.new(algorithm, data).hexdigest()
        assert len(value) == algorithm_of(algorithm).digits


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_no_kernel_is_compiled_once_work_has_begun(mode: str) -> None:
    kernels = [
        borders.inner_region, exact.exact_samples, exact.exact_luminance, fast.banded_samples,
        transform.bits, transform.coefficients, transform.quality,
    ]  # fmt: skip
    before = [len(each.signatures) for each in kernels]  # type: ignore[attr-defined]
    form = "TIFF" if mode in ("CMYK", "I;16") else "PNG"
    for size in ((320, 240), (64, 64), (3, 3)):
        hash_media(
            encoded(photograph_like(*size).convert(mode), form), Limits(), with_variants=True
        )
    assert [len(each.signatures) for each in kernels] == before  # type: ignore[attr-defined]


def test_an_unhashable_file_shows_nothing_of_itself() -> None:
    hashes = hash_media(b"some private words", Limits())
    assert "private" not in repr(hashes)
    assert hashes.digests.md5 not in repr(hashes)

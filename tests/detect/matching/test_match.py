"""A file matches the signals of its bytes and of its pictures, each once, nearest first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from PIL import Image, ImageOps

from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.model import Algorithm, MediaHashes, PictureHash
from amparo.detect.hashing.warm_up import warm_up
from amparo.detect.lists import KnownList, Signal
from amparo.detect.matching import KnownSignals, find_matches
from amparo.detect.media.model import Limits
from amparo.testing.hostile import encoded, photograph_like
from tests.kernels import photographs

warm_up()
NOW = datetime(2026, 11, 22, tzinfo=UTC)
PICTURE = photographs.opened(
    next(path for path in photographs.paths() if path.name == "astronaut.png")
)


def hashed(image: Image.Image) -> MediaHashes:
    return hash_media(encoded(image, "PNG"), Limits(), with_variants=True)


def signal(**other: object) -> Signal:
    value = hashed(PICTURE).pictures[0].hex
    return Signal(**{"id": "s", "algorithm": Algorithm.PDQ, "value": value} | other)


def known(*signals: Signal) -> KnownSignals:
    return KnownSignals([KnownList("mine", signals)], now=NOW)


def only_match(image: Image.Image) -> tuple[str, int]:
    [match] = find_matches(hashed(image), known(signal()))
    assert (match.list_name, match.signal_id) == ("mine", "s")
    return match.variant, match.distance_bits


def test_the_picture_itself() -> None:
    assert only_match(PICTURE) == ("original", 0)


def test_turned_and_mirrored_copies_name_their_variant() -> None:
    turns = {
        "flipy": ImageOps.mirror(PICTURE),
        "flipx": ImageOps.flip(PICTURE),
        "rotate180": PICTURE.transpose(Image.Transpose.ROTATE_180),
        "rotate270": PICTURE.transpose(Image.Transpose.ROTATE_90),
        "rotate90": PICTURE.transpose(Image.Transpose.ROTATE_270),
    }
    for variant, image in turns.items():
        name, _ = only_match(image)
        assert name == variant


def test_a_letterboxed_copy_is_found_by_its_inner_part() -> None:
    boxed = ImageOps.expand(PICTURE, (0, 150), fill=(7, 7, 7))
    assert only_match(boxed) == ("inner-original", 0)
    assert only_match(ImageOps.mirror(boxed))[0] == "inner-flipy"


def test_another_picture_does_not_match() -> None:
    assert find_matches(hashed(photograph_like(640, 480, seed=6)), known(signal())) == ()


def test_equal_bytes_match_by_every_digest_and_come_first() -> None:
    hashes = hashed(PICTURE)
    digests = hashes.digests
    signals = [
        signal(id="near"),
        Signal("m", Algorithm.MD5, digests.md5),
        Signal("t", Algorithm.SHA1, digests.sha1),
        Signal("u", Algorithm.SHA256, digests.sha256),
    ]
    matches = find_matches(hashes, known(*signals))
    assert [match.signal_id for match in matches] == ["u", "t", "m", "near"]


def test_the_radius_is_kept() -> None:
    value = np.frombuffer(bytes.fromhex(signal().value), np.uint8)
    bits = np.unpackbits(value)
    bits[:20] ^= 1
    off = known(signal(value=np.packbits(bits).tobytes().hex()))
    assert len(find_matches(hashed(PICTURE), off, radius_bits=20)) == 1
    assert find_matches(hashed(PICTURE), off, radius_bits=19) == ()


def test_of_several_hits_the_nearest_is_told() -> None:
    value = np.frombuffer(bytes.fromhex(signal().value), np.uint8)

    def picture(frame: int, bits: int) -> PictureHash:
        changed = np.unpackbits(value)
        changed[:bits] ^= 1
        return PictureHash(frame, np.packbits(changed).tobytes(), 90)

    plain = hashed(PICTURE)
    frames = [picture(0, 12), picture(1, 5), picture(2, 4), picture(3, 9)]
    for pictures in (frames, frames[::-1]):
        hashes = replace(plain, pictures=tuple(pictures))
        [match] = find_matches(hashes, known(signal()))
        assert (match.frame, match.distance_bits) == (2, 4)


def test_expired_and_poor_signals_are_left_out() -> None:
    signals = known(
        signal(expires=NOW),
        signal(expires=NOW + timedelta(seconds=1), id="live"),
        signal(quality=49),
        signal(quality=50, id="good enough"),
    )
    assert signals.left_out == 2
    found = {match.signal_id for match in find_matches(hashed(PICTURE), signals)}
    assert found == {"live", "good enough"}


def test_a_picture_of_poor_quality_is_no_evidence() -> None:
    flat = Image.new("RGB", (200, 200), "white")
    flat.paste("black", (90, 90, 92, 92))
    hashes = hashed(flat)
    assert hashes.pictures[0].quality < 50
    assert find_matches(hashes, known(signal(value=hashes.pictures[0].hex))) == ()

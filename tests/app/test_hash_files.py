"""Files come out in their order, and one whose decoder dies keeps its digests."""

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from amparo.app.hash_files import hash_files
from amparo.app.hash_upload import UploadHasher
from amparo.app.sandbox import PRELOAD, limits_of
from amparo.app.scan_files import scan_files
from amparo.core.errors import Unavailable
from amparo.core.problems import ProblemCode
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists import KnownList, Signal
from amparo.detect.matching import KnownSignals
from amparo.detect.media.sandbox import Sandbox
from amparo.testing import faulty, hostile
from amparo.testing.clips import film_of_jpegs
from amparo.testing.hostile import encoded, photograph_like
from tests.conftest import small_settings
from tests.detect.matching.test_match import NOW

PICTURE = encoded(photograph_like(), "JPEG")


def test_the_order_of_paths_is_kept(tmp_path: Path, sandbox: Sandbox) -> None:
    contents = [PICTURE, b"", faulty.HANG, PICTURE, b"words", PICTURE] * 3
    paths = []
    for number, content in enumerate(contents):
        path = tmp_path / f"{number}"
        path.write_bytes(content)
        paths.append(str(path))
    files = list(hash_files(paths, sandbox, small_settings(), hash_bytes=faulty.hash_or_fail))
    assert [file.path for file in files] == paths
    for file, content in zip(files, contents, strict=True):
        assert file.hashes is not None
        assert file.hashes.digests.sha256 == hashlib.sha256(content).hexdigest()
        assert (len(file.hashes.pictures) == 1) == (content == PICTURE)


def test_a_listed_file_is_found_though_its_decoder_dies(tmp_path: Path, sandbox: Sandbox) -> None:
    path = tmp_path / "hostile.jpg"
    path.write_bytes(faulty.CRASH)
    signal = Signal("s", Algorithm.MD5, hashlib.md5(faulty.CRASH).hexdigest())
    known = KnownSignals([KnownList("mine", (signal,))], now=NOW)
    [file] = scan_files(
        [str(path)], known, sandbox, small_settings(), radius_bits=31,
        hash_bytes=faulty.hash_or_fail,
    )  # fmt: skip
    assert file.problem is not None
    assert file.problem.code is ProblemCode.MEDIA_DECODER_CRASHED
    assert [match.signal_id for match in file.matches] == ["s"]


def test_a_picture_above_its_share_has_all_memory_to_itself(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    large, too_large = hostile.png_bomb(5_400, 5_000), hostile.png_bomb(8_000, 8_000)
    contents = [PICTURE, large, PICTURE, too_large, PICTURE]
    paths = []
    for number, content in enumerate(contents):
        path = tmp_path / f"{number}"
        path.write_bytes(content)
        paths.append(str(path))
    files = list(hash_files(paths, sandbox, small_settings()))
    problems = [file.hashes and file.hashes.problem for file in files]
    assert [problem and problem.code for problem in problems] == [
        None, None, None, ProblemCode.MEDIA_OUT_OF_MEMORY, None
    ]  # fmt: skip
    assert sandbox.share.memory_bytes < 5_400 * 5_000 * 8 < small_settings().item_memory_bytes


def test_of_a_video_whose_end_needs_more_memory_than_there_is_its_beginning_is_kept(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    small = [encoded(photograph_like(96, 96, seed=number), "JPEG") for number in range(40)]
    large = encoded(Image.new("RGB", (8_900, 8_900)), "JPEG")
    data = film_of_jpegs([*small, large], width=96, height=96)
    (tmp_path / "grows.mkv").write_bytes(data)
    [file] = hash_files([str(tmp_path / "grows.mkv")], sandbox, small_settings())
    assert file.hashes is not None
    assert file.hashes.problem is not None
    assert file.hashes.problem.code is ProblemCode.MEDIA_OUT_OF_MEMORY
    assert len(file.hashes.pictures) >= 32
    assert UploadHasher(sandbox, small_settings()).hash(data).pictures


def test_a_stop_is_no_fault_of_a_video_that_it_cuts_off() -> None:
    picture = encoded(photograph_like(), "JPEG")
    data = film_of_jpegs([picture] * 40, width=64, height=64)
    settings = small_settings()
    with Sandbox(limits_of(settings), processes=1, preload=PRELOAD) as sandbox:
        hasher = UploadHasher(sandbox, settings)

        def stop(_: object) -> bool:
            hasher.stop()
            return False

        with pytest.raises(Unavailable, match="stopping"):
            hasher.hash(data, stop)
        with pytest.raises(Unavailable, match="stopping"):
            hasher.hash(picture)

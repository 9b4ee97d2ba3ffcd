"""A long list is searched through its index, which follows the list's file."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from amparo.app.known_lists import LONG_LIST_BYTES
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.media.model import Limits
from amparo.testing.hostile import encoded, photograph_like
from tests.conftest import Run

PICTURE = encoded(photograph_like(640, 480), "PNG")
HASHES = hash_media(PICTURE, Limits())
FILLERS = 8000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A file to scan, and a list of more than 1 MiB that names it three times."""
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "a.png").write_bytes(PICTURE)
    chance = np.random.default_rng(1)
    fillers = [
        f"pdq,{chance.bytes(32).hex()},id-{number},,{'x' * 64}\n" for number in range(FILLERS)
    ]
    own = [
        f"pdq,{HASHES.pictures[0].hex},,,\n",
        f"sha256,{HASHES.digests.sha256},exact-ñ,,\n",
        f"md5,{HASHES.digests.md5},old,2001-01-01T00:00:00Z,\n",
    ]
    middle = FILLERS // 2
    lines = ["algorithm,value,id,expires,note\n", *fillers[:middle], *own, *fillers[middle:]]
    (tmp_path / "known.csv").write_text("".join(lines))
    assert (tmp_path / "known.csv").stat().st_size > LONG_LIST_BYTES
    return tmp_path


def found(ended: object) -> list[tuple[str, str]]:
    [line] = ended.out.splitlines()
    return [(each["signal"], each["algorithm"]) for each in json.loads(line)["matches"]]


EXPECTED = [("exact-ñ", "sha256"), (f"known.csv:{FILLERS // 2 + 2}", "pdq")]


def test_a_long_list_is_indexed_once_and_anew_when_it_changes(folder: Path, amparo: Run) -> None:
    ended = amparo("scan", "uploads", "--against", "known.csv")
    assert (ended.status, found(ended)) == (1, EXPECTED)
    assert "expired or of poor quality: 1 signals" in ended.err
    manifest = folder / ".known.csv.amparo-index" / "manifest"
    first = manifest.stat()
    assert found(amparo("scan", "uploads", "--against", "known.csv")) == EXPECTED
    assert manifest.stat() == first

    text = (folder / "known.csv").read_text().splitlines(keepends=True)
    (folder / "known.csv").write_text("".join(line for line in text if "exact-ñ" not in line))
    assert found(amparo("scan", "uploads", "--against", "known.csv")) == EXPECTED[1:]
    assert manifest.stat() != first
    assert sorted(path.name for path in folder.iterdir()) == [
        ".known.csv.amparo-index", "known.csv", "uploads",
    ]  # fmt: skip


def test_a_bad_line_of_a_long_list_leaves_nothing(folder: Path, amparo: Run) -> None:
    with (folder / "known.csv").open("a") as file:
        file.write("pdq,0123,,,\n")
    ended = amparo("scan", "uploads", "--against", "known.csv")
    assert ended.status == 2
    assert f"known.csv, line {FILLERS + 5}, column 'value'" in ended.err
    assert ended.out == ""
    assert sorted(path.name for path in folder.iterdir()) == ["known.csv", "uploads"]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("ids.npy", marks=pytest.mark.slow),
        pytest.param("manifest", marks=pytest.mark.slow),
        pytest.param("list.json", marks=pytest.mark.slow),
        "segment-00000001/pdq-rows.npy",
    ],
)
def test_a_damaged_index_is_built_again(folder: Path, amparo: Run, name: str) -> None:
    amparo("scan", "uploads", "--against", "known.csv")
    index = folder / ".known.csv.amparo-index"
    with (index / name).open("r+b") as file:
        file.seek(150)
        file.write(b"\xff\xfe\xfd")
    failed = amparo("index", "verify", "known.csv")
    assert failed.status == 2
    assert name.split("/")[-1] in failed.err
    assert "`amparo index rebuild known.csv` builds the index again." in failed.err
    ended = amparo("scan", "uploads", "--against", "known.csv")
    assert found(ended) == EXPECTED
    assert "It is built again." in ended.err
    assert amparo("index", "verify", "known.csv").status == 0


def test_a_list_beside_which_nothing_can_be_kept(folder: Path, amparo: Run) -> None:
    if os.getuid() == 0:  # whom no permission stops; a file where the folder would be does
        (folder / ".known.csv.amparo-index").write_text("in the way")
    else:
        folder.chmod(0o555)
    try:
        ended = amparo("scan", "uploads", "--against", "known.csv")
    finally:
        folder.chmod(0o755)
    assert found(ended) == EXPECTED
    assert not (folder / ".known.csv.amparo-index").is_dir()


def test_index_tells_verifies_and_rebuilds(folder: Path, amparo: Run) -> None:
    missing = amparo("index", "status", "known.csv")
    assert missing.status == 2
    assert "known.csv has no index; `amparo scan` gives one" in missing.err
    assert "There is no list or file" in amparo("index", "verify", "nothing.csv").err
    rebuilt = amparo("index", "rebuild", "known.csv")
    assert (rebuilt.status, rebuilt.err) == (0, "")
    assert rebuilt.out.endswith(f"{FILLERS + 3} signals.\n")
    told = amparo("index", "status", "known.csv")
    assert told.status == 0
    assert f"{FILLERS + 1:,} hashes" in told.out
    assert "up to date:    yes" in told.out
    assert "every byte as it was written" in amparo("index", "verify", "known.csv").out
    os.utime(folder / "known.csv")
    assert amparo("index", "status", "known.csv").status == 1
    assert found(amparo("scan", "uploads", "--against", "known.csv")) == EXPECTED


def test_short_lists_leave_nothing_behind(folder: Path, amparo: Run) -> None:
    (folder / "short.csv").write_text(f"algorithm,value\nmd5,{HASHES.digests.md5}\n")
    ended = amparo("scan", "uploads", "--against", "short.csv", "--against", "known.csv")
    assert [signal for signal, _ in found(ended)] == ["short.csv:2", "exact-ñ", EXPECTED[1][0]]
    assert not list(folder.glob(".short*"))

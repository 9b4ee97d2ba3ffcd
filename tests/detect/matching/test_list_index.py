"""The index of a list: built by one process at a time, and left alone by those who search it."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import pytest

from amparo.core.errors import Unavailable
from amparo.detect.hashing.model import Algorithm
from amparo.detect.matching.list_index import ListIndex, build, open_list

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SIGNALS = 3000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "lists" / "known.csv", seed=1)


def written(path: Path, *, seed: int) -> Path:
    chance = np.random.default_rng(seed)
    path.parent.mkdir(exist_ok=True)
    lines = [f"md5,{chance.bytes(16).hex()}\n" for _ in range(SIGNALS)]
    path.write_text("".join(["algorithm,value\n", *lines]))
    return path


def beside(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def opened(path: Path, **more: object) -> ListIndex:
    home = path.parent.parent / "home"
    return open_list(path, home, NOW, algorithm=None, **more)  # type: ignore[arg-type]


def knows(index: ListIndex, value: str) -> bool:
    return len(index.equal(Algorithm.MD5, bytes.fromhex(value)).signals) == 1


@contextmanager
def another(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that opens the list, and waits for a line when it has begun to build."""
    program = [sys.executable, "-m", "tests.detect.matching.builder"]
    with subprocess.Popen(
        [*program, str(path), str(path.parent.parent / "home")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_of_two_that_would_build_it_one_waits_and_takes_it(path: Path) -> None:
    with another(path) as first, another(path) as second:
        words = {said(first), said(second)}
        assert "building" in words
        assert any(".known.csv.amparo-index: another program builds it" in each for each in words)
        go_on(first)
        go_on(second)
        assert said(first) == said(second) == f"{SIGNALS} signals"
    assert beside(path) == [".known.csv.amparo-index", "known.csv"]


def test_what_a_killed_build_has_left_is_cleared_by_the_next(path: Path) -> None:
    with another(path) as process:
        assert said(process) == "building"
        process.kill()
    assert ".known.csv.amparo-index-unfinished" in beside(path)
    assert len(opened(path)) == SIGNALS
    assert beside(path) == [".known.csv.amparo-index", "known.csv"]


def test_an_open_list_stays_what_it_was(path: Path) -> None:
    known = path.read_text().splitlines()[7].removeprefix("md5,")
    old = opened(path)
    written(path, seed=2)
    new = opened(path)
    assert (knows(old, known), knows(new, known)) == (True, False)
    for each in (path.parent / ".known.csv.amparo-index").iterdir():
        each.unlink() if each.is_file() else None
    assert knows(old, known)


def test_a_list_that_changes_while_it_is_read_is_not_indexed(path: Path) -> None:
    def advance(_: float) -> None:
        path.write_text(path.read_text() + f"md5,{'0' * 32}\n")

    with pytest.raises(Unavailable, match="changed while it was read; try again"):
        opened(path, advance=advance)
    assert beside(path) == ["known.csv"]


def test_another_build_is_no_reason_to_keep_a_damaged_index(path: Path) -> None:
    opened(path)
    (path.parent / ".known.csv.amparo-index" / "ids.npy").unlink()
    words: list[str] = []
    assert len(opened(path, announce=words.append)) == SIGNALS
    assert words == [f"{path.parent / '.known.csv.amparo-index'} lacks ids.npy. It is built again."]


def test_where_an_index_can_be_kept_nowhere_it_is_made_for_once(path: Path) -> None:
    (path.parent.parent / "home").write_text("in the way")
    (path.parent / ".known.csv.amparo-index").write_text("in the way")
    temporary = set(Path(gettempdir()).iterdir())
    words: list[str] = []
    index = opened(path, announce=words.append)
    assert knows(index, path.read_text().splitlines()[7].removeprefix("md5,"))
    assert words[0].endswith("It is made for this time alone.")
    assert "neither beside it (something else has its name) nor in" in words[0]
    assert not [
        each for each in set(Path(gettempdir()).iterdir()) - temporary if "amparo" in each.name
    ]


def test_a_full_disk_is_told_and_nothing_is_left(path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(Unavailable, match=r"kept nowhere.*\(File too large\); free some space"):
            opened(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert beside(path) == ["known.csv"]
    assert len(opened(path)) == SIGNALS


@pytest.mark.parametrize(("mode", "folder_mode"), [(0o644, 0o755), (0o640, 0o750), (0o600, 0o700)])
def test_who_may_read_the_list_may_open_its_index(path: Path, mode: int, folder_mode: int) -> None:
    path.chmod(mode)
    assert build(path, path.parent.parent / "home").stat().st_mode & 0o777 == folder_mode

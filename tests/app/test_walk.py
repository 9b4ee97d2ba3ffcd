"""Every file is found once, whatever links, pipes and permissions lie about."""

import os
import socket
import subprocess
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from amparo.app.read import read_file
from amparo.app.walk import walk
from amparo.core.problems import ProblemCode

LARGE = 1 << 30


def found(*paths: Path) -> dict[str, str | None]:
    """Paths below the first one, and the code of each problem."""
    each = list(walk([str(path) for path in paths]))
    assert len({one.path for one in each}) == len(each)
    return {
        os.path.relpath(one.path, paths[0]): one.problem and one.problem.code.value for one in each
    }


def test_files_are_found_at_every_depth(tmp_path: Path) -> None:
    for name in ("a", "b/c", "b/d/e"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert found(tmp_path) == {"a": None, "b/c": None, "b/d/e": None}


def test_a_deep_folder_needs_no_deep_stack(tmp_path: Path) -> None:
    here = os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")
        Path("file").touch()
        os.chdir(here)
        [path] = found(tmp_path)
        assert path.endswith("d/file")
    finally:
        os.chdir(here)
        # Python's own removal would go too deep.
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_links(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "file").touch()
    (tmp_path / "to file").symlink_to(real / "file")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "itself").symlink_to("itself")
    (real / "up").symlink_to(tmp_path)
    assert found(tmp_path) == {
        "real/file": None,
        "to file": None,
        "dangling": ProblemCode.FILE_DANGLING_LINK,
        "itself": ProblemCode.FILE_LINK_LOOP,
        "real/up": ProblemCode.FILE_LINK_LOOP,
    }


def test_a_folder_behind_many_links_is_entered_by_one(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    inside = tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "file").touch()
    for number in range(5):
        (inside / f"link {number}").symlink_to(outside)
    assert list(found(inside).values()) == [None]


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
    code = ProblemCode.FILE_NOT_REGULAR
    assert found(tmp_path) == {"pipe": code, "socket": code}
    problem = read_file(str(tmp_path / "pipe"), max_bytes=LARGE).problem
    assert problem is not None, "opening a pipe must not wait for a writer"
    assert problem.code is code


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    assert found(tmp_path / "x") == {".": ProblemCode.FILE_VANISHED}


def test_a_file_that_vanished_since_it_was_found(tmp_path: Path) -> None:
    problem = read_file(str(tmp_path / "gone"), max_bytes=LARGE).problem
    assert problem is not None
    assert problem.code is ProblemCode.FILE_VANISHED


def test_a_file_that_grows_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    with growing(path):
        problem = read_file(str(path), max_bytes=LARGE).problem
    assert problem is not None
    assert problem.code is ProblemCode.FILE_CHANGED


@contextmanager
def growing(path: Path) -> Iterator[None]:
    """A file of 60 MB to which somebody adds words without a pause."""
    path.touch()
    os.truncate(path, 60_000_000)
    stopped = threading.Event()

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            while not stopped.is_set():
                file.write(b"more")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stopped.set()
        writer.join()


@pytest.mark.slow
def test_a_million_files_are_found_in_little_memory(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    for number in range(1_000_000):
        os.mknod(f"{number}", dir_fd=folder)
    os.close(folder)
    tracemalloc.start()
    count = sum(1 for _ in walk([str(tmp_path)]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    subprocess.run(["rm", "-rf", str(tmp_path)], check=True)
    assert count == 1_000_000
    assert peak < 1_000_000


def test_a_large_file_gets_its_digests_only(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"\xff\xd8\xff" + b"x" * 5_000_000)
    hashes = read_file(str(path), max_bytes=1_000_000).hashes
    assert hashes is not None
    assert hashes.problem is not None
    assert hashes.problem.code is ProblemCode.MEDIA_TOO_LARGE
    assert (hashes.kind.value, hashes.size_bytes) == ("image/jpeg", 5_000_003)

"""`amparo bulk scan` as a person types it: an archive becomes a catalogue, and is read once."""

import contextlib
import hashlib
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from PIL import ImageOps

from amparo.testing.hostile import encoded, photograph_like, truncated_jpeg
from tests.conftest import Ended, Run
from tests.stores import rows_of

PICTURE = photograph_like(640, 480)
JPEG = encoded(PICTURE, "JPEG")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Pictures in folders, words, and a picture that is cut short."""
    folder = tmp_path / "archive"
    (folder / "2019" / "may").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(JPEG)
    (folder / "2019" / "b.png").write_bytes(encoded(ImageOps.mirror(PICTURE), "PNG"))
    (folder / "2019" / "may" / "c.jpg").write_bytes(encoded(photograph_like(seed=8), "JPEG"))
    (folder / "notes.txt").write_text("zorvimel")
    (folder / "cut.jpg").write_bytes(truncated_jpeg())
    return folder


def told(ended: Ended) -> dict[str, int]:
    records = [json.loads(line) for line in ended.out.splitlines()]
    return {each["code"] or each["what"]: each["objects"] for each in records}


def test_every_object_has_a_row_with_its_hashes(archive: Path, amparo: Run, tmp_path: Path) -> None:
    ended = amparo("bulk", "scan", "archive", "--to", "catalogue")
    assert ended.status == 2  # one is cut short
    assert told(ended) == {
        "scanned": 5, "unchanged": 0, "media.not_a_picture": 1, "media.truncated": 1
    }  # fmt: skip
    rows = {row["key"]: row for row in rows_of(tmp_path / "catalogue")}
    assert set(rows) == {"a.jpg", "2019/b.png", "2019/may/c.jpg", "notes.txt", "cut.jpg"}
    row = rows["a.jpg"]
    assert row["source"] == str(archive)
    assert row["size"] == len(JPEG)
    assert row["media_type"] == "image/jpeg"
    assert row["sha256"] == hashlib.sha256(JPEG).digest()
    assert row["sha1"] == hashlib.sha1(JPEG).digest()
    assert row["md5"] == hashlib.md5(JPEG).digest()
    assert [each["variant"] for each in row["pdq"]][:2] == ["original", "rotate90"]
    assert row["pdq"][0]["value"].hex() in amparo("hash", "archive/a.jpg").out
    assert rows["cut.jpg"]["problem_code"] == "media.truncated"
    assert rows["cut.jpg"]["sha256"] == hashlib.sha256(truncated_jpeg()).digest()
    assert rows["notes.txt"]["pdq"] == []


def test_no_bytes_of_a_file_are_in_the_catalogue_or_left_elsewhere(
    archive: Path, amparo: Run, tmp_path: Path
) -> None:
    mark = os.urandom(64)
    (archive / "marked.jpg").write_bytes(JPEG + mark)
    with tempfile.TemporaryDirectory(prefix="amparo-") as temporary:  # sockets want a short path
        amparo("bulk", "scan", "archive", "--to", "catalogue", env={"TMPDIR": temporary})
        written = [*tmp_path.rglob("*"), *Path(temporary).rglob("*")]
        files = [path for path in written if path.is_file() and archive not in path.parents]
        assert any(path.suffix == ".parquet" for path in files)
        for path in files:
            data = path.read_bytes()
            assert mark[:16] not in data, path
            assert JPEG[2000:2016] not in data, path


def test_a_second_scan_reads_only_what_has_changed(
    archive: Path, amparo: Run, tmp_path: Path
) -> None:
    amparo("bulk", "scan", "archive", "--to", "catalogue")
    before = {path.name: path.read_bytes() for path in (tmp_path / "catalogue/parts").iterdir()}
    (archive / "a.jpg").write_bytes(encoded(photograph_like(seed=3), "JPEG"))
    (archive / "new.jpg").write_bytes(encoded(photograph_like(seed=4), "JPEG"))
    ended = amparo("bulk", "scan", "archive", "--to", "catalogue")
    assert ended.status == 0
    assert told(ended) == {"scanned": 2, "unchanged": 4}
    after = {path.name: path.read_bytes() for path in (tmp_path / "catalogue/parts").iterdir()}
    assert before.items() < after.items()
    states = [row for row in rows_of(tmp_path / "catalogue") if row["key"] == "a.jpg"]
    assert [row["replaces"] for row in states] == [False, True]
    assert told(amparo("bulk", "scan", "archive", "--to", "catalogue"))["scanned"] == 0


def test_what_could_not_be_read_is_tried_again(archive: Path, amparo: Run, tmp_path: Path) -> None:
    link = archive / "later.jpg"
    link.symlink_to(tmp_path / "later.jpg")
    assert told(amparo("bulk", "scan", "archive", "--to", "catalogue"))["file.dangling_link"] == 1
    (tmp_path / "later.jpg").write_bytes(JPEG)
    assert told(amparo("bulk", "scan", "archive", "--to", "catalogue")) == {
        "scanned": 1, "unchanged": 5
    }  # fmt: skip


def test_a_name_that_is_no_text_is_kept_byte_by_byte(amparo: Run, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.jpg")).write_bytes(JPEG)
    amparo("bulk", "scan", "archive", "--to", "catalogue")
    [row] = rows_of(tmp_path / "catalogue")
    assert (row["key"], row["key_bytes"]) == ("\\xff\\xfe.jpg", b"\xff\xfe.jpg")
    assert told(amparo("bulk", "scan", "archive", "--to", "catalogue"))["unchanged"] == 1


def test_a_huge_file_has_its_digests(archive: Path, amparo: Run, tmp_path: Path) -> None:
    huge = b"zorvimel" * 200_000
    (archive / "huge.bin").write_bytes(huge)
    limited = {"AMPARO_MAX_FILE_BYTES": "1000000"}
    ended = amparo("bulk", "scan", "archive", "--to", "catalogue", env=limited)
    assert told(ended)["media.too_large"] == 1
    row = next(row for row in rows_of(tmp_path / "catalogue") if row["key"] == "huge.bin")
    assert (row["size"], row["sha256"]) == (len(huge), hashlib.sha256(huge).digest())
    assert "AMPARO_MAX_FILE_BYTES" in row["problem"]


def test_a_part_that_is_cut_short_is_named_and_repaired(
    archive: Path, amparo: Run, tmp_path: Path
) -> None:
    amparo("bulk", "scan", "archive", "--to", "catalogue", "--part", "2")
    part = min((tmp_path / "catalogue" / "parts").iterdir())
    part.write_bytes(part.read_bytes()[:-40])
    ended = amparo("bulk", "scan", "archive", "--to", "catalogue")
    assert ended.status == 2
    assert part.name in ended.err
    assert "--repair" in ended.err
    mended = amparo("bulk", "scan", "archive", "--to", "catalogue", "--repair")
    assert told(mended)["scanned"] == 2
    assert sorted(row["key"] for row in rows_of(tmp_path / "catalogue")) == sorted(
        str(path.relative_to(archive)) for path in archive.rglob("*") if path.is_file()
    )
    assert (tmp_path / "catalogue" / "damaged" / part.name).exists()


def test_a_byte_that_has_changed_in_a_part_is_found(
    archive: Path, amparo: Run, tmp_path: Path
) -> None:
    amparo("bulk", "scan", "archive", "--to", "catalogue")
    [part] = (tmp_path / "catalogue" / "parts").iterdir()
    data = bytearray(part.read_bytes())
    digest = hashlib.sha256(JPEG).digest()
    at = data.find(digest)
    assert at > 0
    data[at] ^= 1
    part.write_bytes(data)
    ended = amparo("bulk", "scan", "archive", "--to", "catalogue", "--repair")
    assert f"{part.name} was damaged" in ended.err
    assert told(ended)["scanned"] == 5


def test_what_is_no_catalogue_is_left_alone(archive: Path, amparo: Run, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "catalogue.json").write_text("[]")
    ended = amparo("bulk", "scan", "archive", "--to", "other")
    assert ended.status == 2
    assert "not the description of a catalogue" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere", "--to", "c"), "There is no folder 'nowhere'"),
        (("ftp://host/x", "--to", "c"), "names no store"),
        (("s3://", "--to", "c"), "s3:// names no bucket: s3://BUCKET/PREFIX"),
        ((".", "--to", "s3://"), "s3:// names no bucket"),
        ((__file__, "--to", "c"), "test_bulk.py' is a file; SOURCE is a folder or a prefix"),
        ((".", "--to", __file__), "test_bulk.py is a file; a catalogue is a folder"),
        ((".", "--to", f"{__file__}/c"), "test_bulk.py is a file; a catalogue is a folder"),
        (("s3://key:secret@bucket/x", "--to", "c"), "AWS_ACCESS_KEY_ID"),
        ((".", "--to", "/c", "--rate-limit", "fast"), "'fast' is no rate"),
        ((".", "--to", "c"), "lies within the archive"),
        (("s3://archive", "--to", "s3://archive/c"), "lies within the archive"),
    ],
)
def test_mistakes_are_named(arguments: tuple[str, ...], said: str, amparo: Run) -> None:
    ended = amparo("bulk", "scan", *arguments)
    assert ended.status == 2
    assert said in ended.err
    assert "secret" not in ended.err


def test_without_the_extra_the_next_step_is_named(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('daft', 'pyarrow'): raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from amparo.programs.command import main\n"
        "sys.argv = ['amparo', 'bulk', 'scan', '.', '--to', 'catalogue']\n"
        "main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert "needs daft, pyarrow" in ended.stderr
    assert "pip install 'amparo[bulk]'" in ended.stderr
    assert not (tmp_path / "catalogue").exists()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_scan_that_is_ended_leaves_no_process_behind(
    number: signal.Signals, status: int, archive: Path, tmp_path: Path
) -> None:
    catalogue = tmp_path / "catalogue"
    with subprocess.Popen(
        [sys.executable, "-m", "amparo", "bulk", "scan", str(archive), "--to", str(catalogue),
         "--part", "1", "--rate-limit", "1/s"],
        stderr=subprocess.PIPE, text=True, preexec_fn=interruptible,
    ) as started:  # fmt: skip
        wait_for(lambda: any((catalogue / "parts").glob("*.parquet")))
        family = psutil.Process(started.pid).children(recursive=True)
        assert family
        started.send_signal(number)
        _, said = started.communicate(timeout=60)
        assert (started.returncode, "Traceback" in said) == (status, False), said
    psutil.wait_procs(family, timeout=30)
    assert not [each for each in family if each.is_running()]


def test_a_worker_that_dies_is_told_and_the_scan_goes_on_when_run_again(
    archive: Path, amparo: Run, tmp_path: Path
) -> None:
    catalogue = tmp_path / "catalogue"
    with subprocess.Popen(
        [sys.executable, "-m", "amparo", "bulk", "scan", str(archive), "--to", str(catalogue),
         "--part", "1", "--rate-limit", "1/s"],
        stderr=subprocess.PIPE, text=True,
    ) as started:  # fmt: skip
        wait_for(lambda: any((catalogue / "parts").glob("*.parquet")))
        for each in psutil.Process(started.pid).children():
            if "daft" in " ".join(each.cmdline()):
                each.kill()
        _, said = started.communicate(timeout=60)
    assert started.returncode == 2
    assert "A worker failed" in said
    assert "Traceback" not in said
    amparo("bulk", "scan", "archive", "--to", "catalogue")
    assert len(rows_of(catalogue)) == 5


def test_a_terminal_shows_how_far_it_is(archive: Path, tmp_path: Path) -> None:
    ours, terminal = pty.openpty()
    with (tmp_path / "out.jsonl").open("w") as out, subprocess.Popen(
        [sys.executable, "-m", "amparo", "bulk", "scan", "archive", "--to", "catalogue", "--part",
         "2"],
        cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=out, stderr=terminal,
    ) as running:  # fmt: skip
        os.close(terminal)
        seen = b""
        with contextlib.suppress(OSError):  # a terminal ends with an error, not with nothing
            while piece := os.read(ours, 4096):
                seen += piece
    os.close(ours)
    assert running.returncode == 2
    assert (tmp_path / "out.jsonl").read_text().startswith('{"what": "scanned"')
    assert b"5/5" in seen
    assert b"objects" in seen
    assert b"UDF" not in seen  # nothing of Daft's own


def interruptible() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def wait_for(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.01)

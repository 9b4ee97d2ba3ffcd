"""`amparo bulk problems` names every object that had a problem, and a scan says where to look."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from amparo.core.clock import SystemClock
from amparo.detect.bulk.lock import one_scan
from amparo.testing.hostile import encoded, photograph_like, truncated_jpeg
from tests.conftest import Run
from tests.detect.bulk.catalogues import a_catalogue
from tests.journeys.test_bulk import interruptible, wait_for

JPEG = encoded(photograph_like(96, 80), "JPEG")
SCAN = ("bulk", "scan", "archive", "--to", "catalogue")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A picture, words, a picture that is cut short, and one whose name is no text."""
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(JPEG)
    (folder / "notes.txt").write_text("zorvimel")
    (folder / "cut.jpg").write_bytes(truncated_jpeg())
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.jpg")).write_bytes(truncated_jpeg())
    return folder


def lines(out: str) -> Iterator[dict[str, str]]:
    return map(json.loads, out.splitlines())


def test_objects_with_a_problem_are_named_also_those_of_earlier_scans(
    archive: Path, amparo: Run
) -> None:
    first = amparo(*SCAN)
    assert "`amparo bulk problems catalogue` names every object" in first.err
    (archive / "new.jpg").write_bytes(JPEG)
    assert "`amparo bulk problems catalogue` names every object" in amparo(*SCAN).err
    ended = amparo("bulk", "problems", "catalogue")
    assert ended.status == 2
    told = {each["key"]: each for each in lines(ended.out)}
    assert {key: each["code"] for key, each in told.items()} == {
        "cut.jpg": "media.truncated", "\\xff.jpg": "media.truncated",
        "notes.txt": "media.not_a_picture",
    }  # fmt: skip
    assert told["\\xff.jpg"]["key_b64"] == base64.b64encode(b"\xff.jpg").decode()
    assert "key_b64" not in told["cut.jpg"]
    assert told["cut.jpg"]["source"] == str(archive)
    assert told["cut.jpg"]["message"]
    header, *rows = amparo("bulk", "problems", "catalogue", "--format", "csv").out.splitlines()
    assert (header, len(rows)) == ("key,key_b64,code,message,source", 3)


def test_what_was_mended_is_named_no_more_and_other_files_are_fine(
    archive: Path, amparo: Run
) -> None:
    amparo(*SCAN)
    for cut in archive.glob("*.jpg"):
        cut.write_bytes(JPEG)
    assert amparo(*SCAN).status == 0
    ended = amparo("bulk", "problems", "catalogue")
    assert (ended.status, [each["key"] for each in lines(ended.out)]) == (0, ["notes.txt"])


def test_a_damaged_part_is_told_and_not_passed_over(
    archive: Path, amparo: Run, tmp_path: Path
) -> None:
    amparo(*SCAN)
    [part] = (tmp_path / "catalogue" / "parts").iterdir()
    part.write_bytes(part.read_bytes()[:-40])
    ended = amparo("bulk", "problems", "catalogue")
    assert (ended.status, part.name in ended.err, "--repair" in ended.err) == (2, True, True)
    nowhere = amparo("bulk", "problems", "elsewhere")
    assert (nowhere.status, "There is no catalogue" in nowhere.err) == (2, True)


def test_a_source_below_which_nothing_lies_is_told(amparo: Run, tmp_path: Path) -> None:
    (tmp_path / "archive" / "folder").mkdir(parents=True)
    ended = amparo(*SCAN)
    assert (ended.status, ended.out) == (2, "")
    assert f"Nothing lies below {tmp_path / 'archive'}; SOURCE is a folder" in ended.err


def test_whoever_interrupts_a_scan_reads_what_stays(archive: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "amparo", *SCAN, "--part", "1", "--rate-limit", "1/s"],
        stderr=subprocess.PIPE, text=True, preexec_fn=interruptible, cwd=tmp_path,
    ) as started:  # fmt: skip
        wait_for(lambda: any((tmp_path / "catalogue" / "parts").glob("*.parquet")))
        started.send_signal(signal.SIGINT)
        _, said = started.communicate(timeout=60)
    assert (started.returncode, "Traceback" in said) == (130, False), said
    assert "What is in the catalogue stays, and the same command goes on" in said


def test_a_catalogue_without_parts_is_said_to_be_empty_so_far(amparo: Run, tmp_path: Path) -> None:
    place = a_catalogue(tmp_path / "catalogue").place
    environment = {"AMPARO_DATABASE_URL": f"sqlite:///{tmp_path / 'amparo.db'}"}
    amparo("db", "upgrade", env=environment)
    amparo("organisations", "create", "a platform", env=environment)
    ended = amparo("bulk", "lookback", "catalogue", env=environment)
    assert ended.status == 0
    assert "is empty so far: nothing was scanned" in ended.err
    with one_scan(place, "run", SystemClock()):
        ended = amparo("bulk", "lookback", "catalogue", env=environment)
    assert "is empty so far: a scan is at work" in ended.err


def test_an_archive_of_messages_is_not_scanned_without_a_basis(archive: Path, amparo: Run) -> None:
    refused = amparo(*SCAN, "--surface", "message")
    assert (refused.status, refused.out) == (2, "")
    assert "Private messages are not scanned" in refused.err
    assert not (archive.parent / "catalogue").exists()
    assert amparo(*SCAN).status == 2  # of what is cut short
    mixed = amparo(*SCAN, "--surface", "post")
    assert "is of the surface 'storage'" in mixed.err

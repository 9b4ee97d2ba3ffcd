"""`amparo hash` and `amparo scan` as a person types them."""

import base64
import contextlib
import csv
import io
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import ImageOps

from amparo.testing.hostile import encoded, photograph_like
from tests.conftest import Run

PICTURE = photograph_like(640, 480)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A known picture, an altered copy, another picture, and words."""
    place = tmp_path / "uploads"
    place.mkdir()
    (place / "same.png").write_bytes(encoded(PICTURE, "PNG"))
    (place / "mirrored.jpg").write_bytes(encoded(ImageOps.mirror(PICTURE), "JPEG"))
    (place / "other.jpg").write_bytes(encoded(photograph_like(seed=8), "JPEG"))
    known = tmp_path / "known"
    known.mkdir()
    (known / "a.webp").write_bytes(encoded(PICTURE, "WEBP", quality=90))
    return tmp_path


def lines(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_hash_prints_a_line_for_each_file_and_algorithm(folder: Path, amparo: Run) -> None:
    ended = amparo("hash", "known")
    assert ended.status == 0
    found = lines(ended.out)
    assert [each["algorithm"] for each in found] == ["pdq", "md5", "sha1", "sha256"]
    assert list(found[0]) == ["path", "media_type", "algorithm", "value", "quality"]
    assert found[0]["path"] == "known/a.webp"
    assert found[0]["media_type"] == "image/webp"


def test_a_list_that_hash_made_is_found_by_scan(folder: Path, amparo: Run) -> None:
    (folder / "known.jsonl").write_text(amparo("hash", "known").out)
    ended = amparo("scan", "uploads", "--against", "known.jsonl")
    assert ended.status == 1
    by_name = {Path(str(each["path"])).name: each["matches"] for each in lines(ended.out)}
    assert by_name["other.jpg"] == []
    [match] = by_name["mirrored.jpg"]
    assert match["list"] == "known"
    assert match["signal"] == "known.jsonl:1"
    assert (match["algorithm"], match["variant"]) == ("pdq", "flipy")
    assert 0 <= match["distance"] <= 31
    assert by_name["same.png"][0]["variant"] == "original"


def test_exit_statuses_are_those_of_virus_scanners(folder: Path, amparo: Run) -> None:
    (folder / "none.txt").write_text("pdq:" + "0" * 64)
    assert amparo("scan", "uploads", "--against", "none.txt").status == 0
    (folder / "uploads" / "broken.jpg").write_bytes(b"\xff\xd8\xff\x00")
    assert amparo("scan", "uploads", "--against", "none.txt").status == 2
    (folder / "known.jsonl").write_text(amparo("hash", "known").out)
    assert amparo("scan", "uploads", "--against", "known.jsonl").status == 1


def test_what_is_no_picture_is_named_or_passed_over(folder: Path, amparo: Run) -> None:
    (folder / "none.txt").write_text("pdq:" + "0" * 64)
    (folder / "uploads" / "notes.jpg").write_text("<html>")
    ended = amparo("scan", "uploads/notes.jpg", "--against", "none.txt")
    assert ended.status == 2
    assert lines(ended.out)[0]["error"]["code"] == "media.not_a_picture"
    quiet = amparo("scan", "uploads/notes.jpg", "--against", "none.txt", "--pictures-only")
    assert (quiet.status, quiet.out) == (0, "")


CSV_HEADERS = {
    "hash": "algorithm,value,quality,media_type,frame,error,message,path,path_b64,frames,seconds",
    "scan": (
        "list,signal,algorithm,distance,variant,frame,error,message,path,path_b64,"
        "seconds,last_seconds,listed_seconds,listed_last_seconds,query_percent,listed_percent"
    ),
}


@pytest.mark.parametrize("command", [("hash", "uploads"), ("scan", "uploads", "--against", "k")])
def test_csv_has_the_same_columns_in_every_line(
    folder: Path, amparo: Run, command: tuple[str, ...]
) -> None:
    (folder / "k").write_text(amparo("hash", "known").out)
    (folder / "uploads" / 'a "quoted", name').write_bytes(b"")
    rows = list(csv.reader(io.StringIO(amparo(*command, "--format", "csv").out)))
    assert len({len(row) for row in rows}) == 1
    assert rows[0] == CSV_HEADERS[command[0]].split(",")
    assert any('a "quoted", name' in cell for row in rows for cell in row)


def test_a_table_shows_what_matched(folder: Path, amparo: Run) -> None:
    (folder / "known.txt").write_text("pdq:" + "0" * 64)
    (folder / "known.jsonl").write_text(amparo("hash", "known").out)
    out = amparo("scan", "uploads/same.png", "--against", "known.jsonl", "--format", "table").out
    heading, row = (line.split() for line in out.splitlines())
    assert " ".join(heading) == "distance variant seconds listed percent list signal path error"
    assert row[1:] == ["original", "known", "known.jsonl:1", "uploads/same.png"]


def test_options_change_what_they_say(folder: Path, amparo: Run) -> None:
    against = ("--against", "known.jsonl")
    (folder / "known.jsonl").write_text(amparo("hash", "known").out)
    found = lines(amparo("scan", "uploads/mirrored.jpg", *against).out)[0]["matches"]
    [distance] = [match["distance"] for match in found]
    assert distance > 0
    for radius, status in ((distance, 1), (distance - 1, 0)):
        ended = amparo("scan", "uploads/mirrored.jpg", *against, "--radius", str(radius))
        assert ended.status == status
    (folder / "drawing.png").write_bytes(encoded(PICTURE.quantize(64), "PNG"))
    seen, raw = (
        lines(amparo("hash", "drawing.png", *how).out)[0]["value"]
        for how in ((), ("--pdq-input", "compat"))
    )
    assert seen != raw
    for how, status in (("seen", 1), ("compat", 0)):
        (folder / "drawing.txt").write_text(f"pdq:{seen}")
        ended = amparo("scan", "drawing.png", "--against", "drawing.txt", "--pdq-input", how)
        assert ended.status == status


def test_a_match_of_a_later_frame_names_it(folder: Path, amparo: Run) -> None:
    frames = [photograph_like(160, 120, seed=seed).quantize(64) for seed in range(4)]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    (folder / "moving.gif").write_bytes(moving)
    (folder / "third.png").write_bytes(encoded(frames[2], "PNG"))
    (folder / "known.jsonl").write_text(amparo("hash", "third.png").out)
    [line] = lines(amparo("scan", "moving.gif", "--against", "known.jsonl").out)
    assert [match["frame"] for match in line["matches"]] == [2]


def test_lists_with_nothing_to_find_are_an_error_and_no_all_clear(
    folder: Path, amparo: Run
) -> None:
    (folder / "expired.csv").write_text(
        f"algorithm,value,expires\nmd5,{'0' * 32},2020-01-01T00:00:00Z\n"
    )
    (folder / "empty.csv").write_text("algorithm,value\n")
    for name in ("expired.csv", "empty.csv"):
        ended = amparo("scan", "uploads", "--against", name)
        assert (ended.status, ended.out) == (2, "")
        assert "Nothing to search for" in ended.err


def test_doctor_says_what_is_wrong_and_fails(folder: Path, amparo: Run) -> None:
    assert amparo("doctor").status == 0
    (folder / "file").touch()
    ended = amparo("doctor", env={"AMPARO_HOME": str(folder / "file")})
    assert ended.status == 1
    assert "FAILED  folder" in ended.out
    assert "set AMPARO_HOME" in ended.out


def test_a_table_lets_no_name_move_the_cursor(folder: Path, amparo: Run) -> None:
    (folder / "uploads" / "\x1b[2Jgone").write_bytes(b"")
    out = amparo("hash", "uploads", "--format", "table").out
    assert "\x1b" not in out
    assert "\\x1b[2Jgone" in out


def test_a_name_that_is_not_utf8(folder: Path, amparo: Run) -> None:
    name = os.fsencode(folder / "known") + b"/\xff\xfe.webp"
    os.rename(os.fsencode(folder / "known" / "a.webp"), name)
    for form in ("jsonl", "csv", "table"):
        ended = amparo("hash", "known", "--format", form)
        assert ended.status == 0
        if form == "jsonl":
            first = lines(ended.out)[0]
            assert base64.b64decode(str(first["path_b64"])) == b"known/\xff\xfe.webp"
            assert first["path"] == "known/\udcff\udcfe.webp"


def test_a_bad_list_ends_the_scan_before_it_begins(folder: Path, amparo: Run) -> None:
    (folder / "bad.csv").write_text("algorithm,value\npdq,0f\n")
    ended = amparo("scan", "uploads", "--against", "bad.csv")
    assert (ended.status, ended.out) == (2, "")
    assert "bad.csv, line 2, column 'value'" in ended.err


def test_lists_of_the_same_name_are_told_apart(folder: Path, amparo: Run) -> None:
    for name in ("ours.jsonl", "theirs/ours.jsonl"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(amparo("hash", "known").out)
    ended = amparo(
        "scan", "uploads/same.png", "--against", "ours.jsonl", "--against", "theirs/ours.jsonl"
    )
    [line] = lines(ended.out)
    assert {match["list"] for match in line["matches"]} == {"ours.jsonl", "theirs/ours.jsonl"}


def test_a_wrong_setting_is_named(amparo: Run) -> None:
    ended = amparo("hash", ".", env={"AMPARO_MAX_PIXELS": "many"})
    assert ended.status == 2
    assert "AMPARO_MAX_PIXELS" in ended.err


def test_a_name_in_the_file_that_is_no_setting_is_named(folder: Path, amparo: Run) -> None:
    file = folder / "amparo.toml"
    file.write_text("max_pixel = 1000\n")
    ended = amparo("hash", "known", env={"AMPARO_SETTINGS_FILE": str(file)})
    assert ended.status == 2
    assert f"{file}: max_pixel is no setting of Amparo; is max_pixels meant?" in ended.err


def test_settings_come_from_a_file_and_the_environment_wins(folder: Path, amparo: Run) -> None:
    (folder / "amparo.toml").write_text("max_pixels = 1000\n")
    where = {"AMPARO_SETTINGS_FILE": str(folder / "amparo.toml")}
    assert "media.too_many_pixels" in amparo("hash", "known", env=where).out
    both = where | {"AMPARO_MAX_PIXELS": "1000000"}
    assert amparo("hash", "known", env=both).status == 0


@pytest.mark.parametrize(
    "command", [(), ("hash",), ("scan",), ("demo",), ("doctor",), ("bulk", "scan")]
)
def test_help_is_there_with_an_example(amparo: Run, command: tuple[str, ...]) -> None:
    ended = amparo(*command, "--help")
    assert ended.status == 0
    assert "Example:" in ended.out
    assert "amparo" in ended.out.split("Example:")[1]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, amparo.programs.command as c\n"
        "try: c.command.main(['--help'], standalone_mode=True)\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'numba', 'PIL', 'pydantic', 'rich', 'daft', 'ray', 'pyarrow',"
        " 'obstore'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_what_only_asks_the_database_loads_no_kernels(tmp_path: Path) -> None:
    code = (
        "import sys, amparo.programs.command as c\n"
        "from amparo.core.errors import NotFound\n"
        "try: c.command.main(['lists', 'show'])\n"
        "except NotFound: pass\n"
        "assert 'sqlalchemy' in sys.modules\n"
        "heavy = {'numba', 'PIL', 'fastapi', 'dbos'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    home = os.environ | {"AMPARO_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=home)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Tests that run in the background ignore interrupts, and so would what they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupted_scan_leaves_whole_lines_and_no_process(
    folder: Path, interruptible: None
) -> None:
    picture = encoded(PICTURE, "PNG")
    for number in range(400):
        (folder / "uploads" / f"{number:04d}.png").write_bytes(picture)
    with subprocess.Popen(
        [sys.executable, "-m", "amparo", "hash", "uploads"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        bufsize=0,  # or what comes with the first line would be lost to communicate
    ) as running:  # fmt: skip
        assert running.stdout is not None
        first = running.stdout.readline()
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert running.returncode == 130, err
    assert b"Traceback" not in err
    text = (first + out).decode()
    assert text.endswith("\n")
    assert 1 <= len(lines(text)) < 1600
    assert _group_ends(running.pid)


def _group_ends(group: int) -> bool:
    """Whether all processes of the group are gone within ten seconds."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        os.sched_yield()
    return False


def test_names_beyond_the_terminals_letters_are_shown_in_escapes(folder: Path, amparo: Run) -> None:
    (folder / "uploads" / "日本").write_bytes(b"")
    for form in ("csv", "table"):
        ended = amparo("hash", "uploads", "--format", form, env={"PYTHONIOENCODING": "latin-1"})
        assert ended.status == 2
        assert "\\u65e5\\u672c" in ended.out


def test_a_reader_that_has_seen_enough_causes_no_noise(folder: Path) -> None:
    (folder / "many").mkdir()
    for number in range(1500):
        (folder / "many" / f"{number}").write_bytes(b"words")
    ended = subprocess.run(
        [
            "bash", "-c",
            f"'{sys.executable}' -m amparo hash uploads many | head -1; exit ${{PIPESTATUS[0]}}",
        ],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.stderr == ""
    assert len(lines(ended.stdout)) == 1
    assert ended.returncode == 128 + signal.SIGPIPE


def test_a_full_disk_is_named_and_is_no_success(folder: Path) -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "amparo", "hash", "uploads"],
            cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1] == (
        "amparo: Results cannot be written: No space left on device. They are incomplete."
    )


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_closed_streams_do_no_harm(folder: Path, closed: str) -> None:
    command = f"'{sys.executable}' -m amparo hash known {closed}"
    ended = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True)
    assert ended.returncode == 0
    assert len(lines(ended.stdout)) == 4


def test_a_terminated_scan_leaves_nothing_behind(folder: Path) -> None:
    picture = encoded(PICTURE, "PNG")
    for number in range(200):
        (folder / "uploads" / f"{number:04d}.png").write_bytes(picture)
    with tempfile.TemporaryDirectory() as temporary:
        with subprocess.Popen(
            [sys.executable, "-m", "amparo", "hash", "uploads"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            env=os.environ | {"TMPDIR": temporary},
        ) as running:  # fmt: skip
            assert running.stdout is not None
            running.stdout.readline()
            running.terminate()
            out, err = running.communicate(timeout=30)
        assert running.returncode == 128 + signal.SIGTERM
        assert b"Traceback" not in err
        assert out.endswith(b"\n") or not out
        assert _group_ends(running.pid)
        assert os.listdir(temporary) == []


def test_on_a_terminal_results_go_where_they_were_sent(folder: Path) -> None:
    """With the bar on standard error, redirected results must not end up on the terminal."""
    ours, terminal = pty.openpty()
    with (folder / "out.jsonl").open("w") as out, subprocess.Popen(
        [sys.executable, "-m", "amparo", "hash", "uploads"],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=terminal,
    ) as running:  # fmt: skip
        os.close(terminal)
        seen = b""
        with contextlib.suppress(OSError):  # a terminal ends with an error, not with nothing
            while piece := os.read(ours, 4096):
                seen += piece
    os.close(ours)
    assert running.returncode == 0
    assert len(lines((folder / "out.jsonl").read_text())) == 12
    assert b"files" in seen
    assert b"/s" in seen
    assert b"left:" in seen
    assert b"sha256" not in seen


def test_a_csv_of_hashes_is_a_list_too(folder: Path, amparo: Run) -> None:
    (folder / "known" / "broken\n.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / "known.csv").write_text(amparo("hash", "known", "--format", "csv").out)
    ended = amparo("scan", "uploads", "--against", "known.csv")
    assert ended.status == 1
    assert "1 of its lines are files that had no hash" in ended.err

"""A folder of everything that can go wrong: each file a clear line, and the scan goes on."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from PIL import Image

from amparo.testing import hostile
from tests.app.test_walk import growing
from tests.conftest import Run

MIB = 1024 * 1024
NOBODY = 65534


def hostile_folder(place: Path) -> dict[str, str]:
    """Write it, and return the code that each name must get."""
    place.mkdir()
    contents = {
        "empty.jpg": (b"", "media.empty"),
        "truncated.jpg": (hostile.truncated_jpeg(), "media.truncated"),
        "random": (os.urandom(4000) + b"\x00\xff", "media.unknown_kind"),
        "page.jpg": (b"<!doctype html><html>hello", "media.not_a_picture"),
        "claims.jpg": (hostile.jpeg_that_claims(65_500, 65_500), "media.too_many_pixels"),
        "bomb.png": (hostile.png_bomb(50_000, 50_000), "media.too_many_pixels"),
        "long.gif": (hostile.gif_of(100_000), "media.too_many_frames"),
    }
    for name, (content, _) in contents.items():
        (place / name).write_bytes(content)
    (place / "dangling").symlink_to("nowhere")
    (place / "loop").symlink_to("loop")
    (place / "up").symlink_to(".")
    os.mkfifo(place / "pipe")
    closed = place / "closed"
    closed.mkdir()
    closed.chmod(0)
    return {name: code for name, (_, code) in contents.items()} | {
        "dangling": "file.dangling_link",
        "loop": "file.link_loop",
        "up": "file.link_loop",
        "pipe": "file.not_regular",
    }


def test_each_bad_file_has_its_code_and_the_scan_goes_on(tmp_path: Path, amparo: Run) -> None:
    place = tmp_path / "bad"
    expected = hostile_folder(place)
    good = hostile.encoded(hostile.photograph_like(), "JPEG")
    for name in ("a good one.jpg", os.fsdecode(b"z\xff good too.jpg")):
        (place / name).write_bytes(good)
    (tmp_path / "known.jsonl").write_text(amparo("hash", place / "a good one.jpg").out)
    before = set(os.listdir(tmp_path))
    with tempfile.TemporaryDirectory() as temporary:
        ended = amparo("scan", place, "--against", "known.jsonl", env={"TMPDIR": temporary})
        left = os.listdir(temporary)
    assert ended.status == 1
    found = {}
    for line in map(json.loads, ended.out.splitlines()):
        name = os.path.basename(line["path"])
        found[name] = line["error"]["code"] if "error" in line else line["matches"][0]["distance"]
    assert {name: found[name] for name in expected} == expected
    assert found["a good one.jpg"] == found["z\udcff good too.jpg"] == 0
    assert left == []
    assert set(os.listdir(tmp_path)) == before


def test_a_temporary_folder_that_is_too_deep_is_named(tmp_path: Path, amparo: Run) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    ended = amparo("hash", deep, env={"TMPDIR": str(deep)})
    assert ended.status == 2
    assert "set TMPDIR" in ended.err


def test_a_folder_without_permission(tmp_path: Path) -> None:
    """As root every folder can be read, so that the walk runs as nobody there."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    os.chmod(tmp_path, 0o755)
    code = (
        "import os, sys\n"
        "from amparo.app.walk import walk\n"
        f"if os.getuid() == 0: os.setuid({NOBODY})\n"
        "print([each.problem.code.value for each in walk(sys.argv[1:])])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(closed)], capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "['file.denied']"


def test_files_that_vanish_or_grow_meanwhile_are_named(tmp_path: Path) -> None:
    place = tmp_path / "busy"
    place.mkdir()
    (tmp_path / "none.txt").write_text("pdq:" + "0" * 64)
    picture = hostile.encoded(hostile.photograph_like(), "JPEG")
    for number in range(600):
        (place / f"{number}.jpg").write_bytes(picture)
    with growing(tmp_path / "log"), subprocess.Popen(
        [sys.executable, "-m", "amparo", "scan", "log", "busy", "--against", "none.txt"],
        cwd=tmp_path, stdout=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        first = [json.loads(running.stdout.readline()) for _ in range(2)]
        for path in place.iterdir():
            path.unlink()
        others = [json.loads(line) for line in running.stdout]
    assert running.returncode == 2
    assert first[0]["error"]["code"] == "file.changed"
    assert first[1]["matches"] == []
    codes = {line["error"]["code"] for line in others if "error" in line}
    assert codes == {"file.vanished"}


@pytest.mark.slow
def test_memory_stays_under_a_gigabyte(tmp_path: Path) -> None:
    place = tmp_path / "bad"
    hostile_folder(place)
    largest = hostile.encoded(Image.new("RGBA", (8_900, 8_900), "red"), "PNG", compress_level=1)
    photograph = hostile.photograph_like(600, 400).resize((3_700, 2_500))
    large = hostile.encoded(photograph, "WEBP", quality=80)
    for name in ("one", "two", "three"):
        (place / f"largest {name}.png").write_bytes(largest)
        (place / f"large {name}.webp").write_bytes(large)
        (place / f"long {name}.jpg").write_bytes(b"\xff\xd8\xff" + bytes(90 * MIB))
    (tmp_path / "none.txt").write_text("pdq:" + "0" * 64)
    options = ["--against", "none.txt", "--processes", "2"]
    command = [sys.executable, "-m", "amparo", "scan", str(place), *options]
    peak = 0
    with (
        (tmp_path / "out").open("w") as out,
        subprocess.Popen(command, cwd=tmp_path, stdout=out, start_new_session=True) as running,
    ):
        ended = threading.Event()
        threading.Thread(target=lambda: (running.wait(), ended.set()), daemon=True).start()
        while not ended.wait(0.02):
            peak = max(peak, _memory_of_session(running.pid))
    assert running.returncode == 2
    assert 300 * MIB < peak < 1024 * MIB
    found = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    whole = [line for line in found if "/large" in line["path"] and "error" not in line]
    assert len(whole) == 6, "the large ones were decoded, and not only refused"


def _memory_of_session(session: int) -> int:
    """Bytes of all processes of a session, pages that they share counted once among them."""
    total = 0
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getsid(int(process)) == session:
                rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
                total += int(rollup.split("Pss:")[1].split()[0]) * 1024
        except (OSError, IndexError):
            continue  # it has ended meanwhile
    return total

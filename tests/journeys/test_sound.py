"""Files of sound have nothing to look at: passed over where asked for, and fine in an archive."""

import json
from pathlib import Path

import pytest

from amparo.testing.clips import sound
from tests.conftest import Run

SOUNDS = {
    "a.m4a": ("mp4", "aac"), "a.mp3": ("mp3", "mp3"), "a.ts": ("mpegts", "aac"),
    "a.mka": ("matroska", "aac"), "a.aac": ("adts", "aac"), "a.flv": ("flv", "aac"),
    "a.avi": ("avi", "aac"), "a.mov": ("mov", "aac"),
}  # fmt: skip


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    folder = tmp_path / "sounds"
    folder.mkdir()
    for name, (container, codec) in SOUNDS.items():
        (folder / name).write_bytes(sound(container=container, codec=codec))
    return folder


def test_sound_is_passed_over_silently_where_pictures_are_asked_for(
    sounds: Path, amparo: Run, tmp_path: Path
) -> None:
    (tmp_path / "none.txt").write_text("md5:" + "0" * 32)
    ended = amparo("scan", "sounds", "--against", "none.txt", "--pictures-only")
    assert (ended.status, ended.out) == (0, "")
    told = [
        json.loads(line)
        for line in amparo("scan", "sounds", "--against", "none.txt").out.splitlines()
    ]
    assert len(told) == len(SOUNDS)
    digest = next(
        each["value"]
        for each in map(json.loads, amparo("hash", "sounds/a.m4a").out.splitlines())
        if each.get("algorithm") == "md5"
    )
    (tmp_path / "known.txt").write_text(f"md5:{digest}")
    known = amparo("scan", "sounds", "--against", "known.txt", "--pictures-only")
    assert (known.status, json.loads(known.out)["path"]) == (1, "sounds/a.m4a")


def test_sound_in_an_archive_is_no_failure(sounds: Path, amparo: Run) -> None:
    ended = amparo("bulk", "scan", "sounds", "--to", "catalogue")
    assert ended.status == 0, ended.out
    assert '"media.no_video"' in ended.out
    assert amparo("bulk", "problems", "catalogue").status == 0

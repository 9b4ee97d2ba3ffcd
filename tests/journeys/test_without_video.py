"""Where the extra for videos is not installed, a video has its digests and says what is missing."""

import json
import os
from pathlib import Path

from amparo.testing.clips import film, panned
from tests.conftest import Run

HIDING = """
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "av" else find(name, *rest)
"""


def test_a_video_has_its_digests_and_names_the_extra(amparo: Run, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDING)
    (tmp_path / "clip.mp4").write_bytes(film(panned(1, width=96, height=96)))
    ended = amparo("hash", "clip.mp4", env={"PYTHONPATH": str(tmp_path)})
    lines = [json.loads(line) for line in ended.out.splitlines() if line.startswith("{")]
    assert [each.get("algorithm") for each in lines] == ["md5", "sha1", "sha256", None]
    assert lines[-1]["error"]["code"] == "media.video_missing"
    assert "pip install 'amparo[video]'" in lines[-1]["error"]["message"]
    assert ended.status == 2


def test_doctor_says_what_the_extra_would_bring_and_does_not_fail(
    amparo: Run, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDING)
    paths = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    ended = amparo("doctor", env={"PYTHONPATH": paths})
    assert ended.status == 0
    assert "ok      videos: not the extra 'video', for looking into videos" in ended.out
    assert "ok      videos: MP4, QuickTime, WebM" in amparo("doctor").out

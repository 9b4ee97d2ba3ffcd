"""Tables stay readable where there are videos: spans and shares in words, and no hash of pages."""

import json
from pathlib import Path

from amparo.testing.clips import film, panned
from tests.conftest import Run

A_SECOND = 12
CLIP = list(panned(8, a_second=A_SECOND, width=192, height=144, scene_s=1.0, seed=1000))
GOOD = {"crf": "14"}
WIDTH = 120


def test_a_match_of_a_video_tells_where_and_how_much_of_each(amparo: Run, tmp_path: Path) -> None:
    (tmp_path / "known.mp4").write_bytes(film(CLIP, a_second=A_SECOND, options=GOOD))
    cut = film(CLIP[3 * A_SECOND :], a_second=A_SECOND, options=GOOD)
    (tmp_path / "cut.mp4").write_bytes(cut)
    hashed = amparo("hash", "known.mp4")
    assert hashed.status == 0, hashed.err
    (tmp_path / "known.jsonl").write_text(hashed.out)
    table = amparo("hash", "known.mp4", "--format", "table").out
    assert max(map(len, table.splitlines())) <= WIDTH
    assert "vpdq       8 frames" in table
    scan = ("scan", "cut.mp4", "--against", "known.jsonl")
    [match] = json.loads(amparo(*scan).out)["matches"]
    assert (match["seconds"], match["last_seconds"], match["listed_percent"]) == (0.0, 4.0, 62.5)
    heading, row = amparo(*scan, "--format", "table").out.splitlines()
    assert max(len(heading), len(row)) <= WIDTH
    assert row.split()[1:] == ["original", "0–4", "3–7", "100/62", "known", "known.jsonl:1",
                               "cut.mp4"]  # fmt: skip

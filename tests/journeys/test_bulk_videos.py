"""An archive is scanned once; a video, or a picture of one, that is listed later is found in it."""

import json
from pathlib import Path

import pytest
from PIL import Image

from amparo.testing.clips import film, panned
from amparo.testing.hostile import encoded
from tests.conftest import Run
from tests.stores import rows_of

pytestmark = pytest.mark.slow

A_SECOND = 12
KNOWN = list(panned(10, a_second=A_SECOND, width=192, height=144, scene_s=1.0, seed=1000))
OTHER = list(panned(6, a_second=A_SECOND, width=192, height=144, scene_s=1.0, seed=3000))
GOOD = {"crf": "14"}


def test_videos_and_their_pictures_are_found_in_a_catalogue_with_their_seconds(
    amparo: Run, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    longer = [*OTHER, *KNOWN, *OTHER[::-1]]
    (archive / "longer.mp4").write_bytes(film(longer, a_second=A_SECOND, options=GOOD))
    (archive / "other.mp4").write_bytes(film(OTHER, a_second=A_SECOND, options=GOOD))
    (archive / "still.png").write_bytes(encoded(Image.fromarray(KNOWN[4 * A_SECOND]), "PNG"))
    (tmp_path / "known.mp4").write_bytes(film(KNOWN, a_second=A_SECOND, options=GOOD))
    (tmp_path / "shown.png").write_bytes(encoded(Image.fromarray(OTHER[2 * A_SECOND]), "PNG"))
    assert amparo("bulk", "scan", "archive", "--to", "catalogue").status == 0
    (row,) = (each for each in rows_of(tmp_path / "catalogue") if each["key"] == "other.mp4")
    originals = [each for each in row["pdq"] if each["variant"] == "original"]
    assert [each["seconds"] for each in originals] == [0, 1, 2, 3, 4, 5]

    home = {"AMPARO_HOME": str(tmp_path / "home")}
    (tmp_path / "known.jsonl").write_text(amparo("hash", "known.mp4", "shown.png").out)
    assert amparo("db", "upgrade", env=home).status == 0
    assert amparo("organisations", "create", "a platform", env=home).status == 0
    assert amparo("lists", "create", "known", env=home).status == 0
    assert amparo("lists", "import", "known", "known.jsonl", env=home).status == 0
    ended = amparo("bulk", "lookback", "catalogue", env=home)
    assert ended.status == 1, ended.err
    found = [json.loads(line) for line in ended.out.splitlines()]
    told = {(each["key"], each["algorithm"], each["seconds"]) for each in found}
    assert told == {
        ("longer.mp4", "vpdq", 6.0), ("longer.mp4", "pdq", 2.0),
        ("still.png", "vpdq", None), ("other.mp4", "pdq", 2.0),
    }  # fmt: skip
    [whole] = (each for each in found if (each["key"], each["algorithm"]) == ("longer.mp4", "vpdq"))
    assert [whole[name] for name in ("last_seconds", "listed_seconds", "listed_last_seconds")] == [
        15.0, 0.0, 9.0
    ]  # fmt: skip
    assert (whole["query_percent"], whole["listed_percent"]) == (45.5, 100.0)
    [still] = (each for each in found if each["key"] == "still.png")
    assert (still["last_seconds"], still["listed_seconds"], still["listed_percent"]) == (
        None, 4.0, 10.0
    )  # fmt: skip
    [picture] = (each for each in found if each["key"] == "other.mp4")
    assert (picture["query_percent"], picture["listed_seconds"]) == (None, None)
    table = amparo("bulk", "lookback", "catalogue", "--since", "0", "--format", "table", env=home)
    assert "6–15       0–9        46/100" in table.out

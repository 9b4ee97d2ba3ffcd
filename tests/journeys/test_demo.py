"""`amparo demo` finds what it must, says so, and fails where it does not."""

from pathlib import Path

import pytest
from PIL import Image

from amparo.app.scan_files import FileMatches
from amparo.programs.demo import run
from amparo.programs.demo.copies import Alteration
from amparo.programs.demo.photographs import KNOWN
from amparo.programs.demo.report import show
from amparo.testing.hostile import encoded
from tests.conftest import Run


def test_the_demonstration_shows_what_was_found_and_what_was_missed(
    amparo: Run, tmp_path: Path
) -> None:
    ended = amparo("demo", "--keep", "kept")
    assert ended.status == 0, ended.out
    assert "Everything that must be found was found, and nothing else." in ended.out
    assert "Unrelated photographs taken for known ones: 0 of 10" in ended.out
    assert "within a longer video" in ended.out
    assert "missed: PDQ looks at the whole picture" in ended.out
    assert "files a second" in ended.out
    assert "CC BY 2.0" in ended.out
    commands = [line.split() for line in ended.out.splitlines() if line.startswith("  ")]
    scan = next(each for each in commands if "kept/uploads" in each)
    assert amparo(*scan[scan.index("scan") :]).status == 1


def test_a_demonstration_that_fails_says_so_by_its_status(amparo: Run) -> None:
    ended = amparo("demo", env={"AMPARO_MAX_PIXELS": "400000"})
    assert ended.status == 1
    assert "could not be read" in ended.out


def test_a_copy_that_is_not_found_is_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alteration = Alteration("made another picture", "png", lambda image: encoded(image, "PNG"))
    path = tmp_path / "copy.png"
    exhibit = run.Exhibit(path, KNOWN[0], alteration)
    exhibits = run.Exhibits(tmp_path, tmp_path / "known.csv", (exhibit,))
    results = {path: FileMatches(str(path))}
    faults = show(exhibits, results, 1.0, kept=False, program="amparo")
    assert faults == ["copy.png was not found"]
    assert "Not as it must be" in capsys.readouterr().out


def test_the_photographs_are_read_from_their_packages() -> None:
    for photograph in KNOWN:
        assert isinstance(photograph.open(), Image.Image)

"""A catalogue that cannot be written is read all the same, and what cannot be done is told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from amparo.core.errors import AmparoError, Denied, Unavailable
from amparo.detect.bulk.place import FolderPlace, cannot
from tests.detect.bulk.catalogues import CHANCE_VALUES, a_catalogue, add, hashes

ROOT = Path(__file__).parents[3]
READ = """
import os, sys
from pathlib import Path
from amparo.core.clock import SystemClock
from amparo.core.errors import AmparoError
from amparo.detect.bulk.catalogue import Catalogue
from amparo.detect.bulk.lock import is_scanned, one_scan
from amparo.detect.bulk.lookback import listed
from amparo.detect.bulk.place import FolderPlace
os.chdir(sys.argv[1])  # whose parents are not for everybody
if os.getuid() == 0: os.setgid(65534); os.setuid(65534)
place = FolderPlace(Path())
sizes, closed = listed(Catalogue.open(place))
print(len(sizes), closed)
try:
    with one_scan(place, "run", SystemClock()): pass
except AmparoError as error:
    print(error.message)
try:
    place.put("parts/x", b"x")
except AmparoError as error:
    print(error.message)
"""


def test_a_look_back_reads_what_it_may_not_write(tmp_path: Path) -> None:
    made = a_catalogue(tmp_path)
    add(made, [("a.jpg", hashes("a.jpg", CHANCE_VALUES[0]))])
    for name in ("scan.lock", "working.lock"):
        (tmp_path / name).touch()
    for each in (*tmp_path.rglob("*"), tmp_path):
        each.chmod(0o555)
    ended = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path)], cwd=ROOT, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    for each in (tmp_path, tmp_path / "parts"):
        each.chmod(0o755)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == [
        "1 1",
        ". cannot be written (Permission denied).",
        "parts cannot be written (Permission denied).",
    ]


@pytest.mark.parametrize(
    ("number", "kind"), [(30, Denied), (13, Denied), (1, Denied), (28, Unavailable)]
)
def test_what_a_disk_refuses_is_said_in_words(number: int, kind: type[AmparoError]) -> None:
    error = OSError(number, os.strerror(number))
    said = cannot(Path("catalogue"), "written", error)
    assert type(said) is kind
    assert said.message == f"catalogue cannot be written ({os.strerror(number)})."


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "catalogue").write_text("zorvimel")
    place = FolderPlace(tmp_path / "catalogue")
    for do in (lambda: list(place.files("parts")), lambda: place.read("catalogue.json")):
        with pytest.raises(Unavailable, match="cannot be read"):
            do()

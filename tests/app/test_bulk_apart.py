"""A catalogue within its own archive is refused, whatever it is called."""

from pathlib import Path

import pytest

from amparo.app.bulk_scan import check_apart, source_of
from amparo.core.errors import Invalid
from amparo.detect.bulk.pace import NO_LIMIT
from amparo.detect.bulk.place import place_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive with a folder in it, and links to both."""
    (tmp_path / "archive" / "2019").mkdir(parents=True)
    (tmp_path / "link").symlink_to("archive")
    (tmp_path / "deep").symlink_to("archive/2019")
    return tmp_path


def refused(source: str, catalogue: str) -> bool:
    try:
        check_apart(source_of(source, NO_LIMIT), place_of(catalogue))
    except Invalid as error:
        return "lies within the archive" in error.message
    return False


@pytest.mark.parametrize(
    ("source", "catalogue"),
    [
        ("archive", "archive/catalogue"),
        ("archive", "archive"),
        ("archive", "link/catalogue"),
        ("archive", "deep/catalogue"),
        ("archive", "deep/new/catalogue"),
        ("link", "archive/catalogue"),
        ("link/2019", "deep"),
    ],
)
def test_a_catalogue_within_its_archive_is_refused(
    source: str, catalogue: str, folder: Path
) -> None:
    assert refused(str(folder / source), str(folder / catalogue))


def test_a_folder_that_is_named_by_a_url_is_that_folder(folder: Path) -> None:
    assert refused(f"file://{folder}/link", str(folder / "deep" / "catalogue"))
    assert refused("/", str(folder / "catalogue"))


def test_a_catalogue_beside_its_archive_is_not_refused(folder: Path) -> None:
    for catalogue in ("catalogue", "archive-catalogue", "archive/../catalogue"):
        assert not refused(str(folder / "archive"), str(folder / catalogue))
    assert not refused("s3://bucket/a", "s3://bucket/ab")

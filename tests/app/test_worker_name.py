"""A worker's name is nobody else's, whatever its host and its home are called, and stays."""

import re
import stat
from pathlib import Path

import pytest

from amparo.app.worker_name import worker_name
from amparo.core.errors import Unavailable


def name_in(home: Path) -> str:
    with worker_name(home) as name:
        return name


def test_two_homes_with_one_long_path_have_two_names(tmp_path: Path) -> None:
    """As two hosts have that are set up alike: their paths end with the same hundred letters."""
    homes = [tmp_path / host / ("a" * 60) / ("b" * 60) for host in ("one", "other")]
    names = [name_in(home) for home in homes]
    assert len(set(names)) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in names)


def test_it_is_the_same_after_a_start_and_another_beside_it(tmp_path: Path) -> None:
    with worker_name(tmp_path) as first, worker_name(tmp_path) as second:
        assert first != second
    with worker_name(tmp_path) as again:
        assert again == first


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    name = name_in(tmp_path)
    (file,) = [each for each in tmp_path.rglob("*") if each.is_file() and each.stat().st_size]
    assert file.read_text().strip() == name
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_one_that_is_not_whole_is_made_anew(tmp_path: Path) -> None:
    name_in(tmp_path)
    file = tmp_path / "workers" / "0.name"
    file.write_bytes(b"")
    assert name_in(tmp_path) == name_in(tmp_path) != ""


def test_where_it_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "workers").write_text("in the way")
    with pytest.raises(Unavailable, match="cannot be kept"), worker_name(tmp_path):
        pass

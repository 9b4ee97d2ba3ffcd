"""Types reach those who call Amparo: mypy in a platform's project reads them."""

import tomllib
from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_package_says_that_it_is_typed() -> None:
    marker = files("amparo") / "py.typed"
    assert marker.is_file()
    assert marker.read_bytes() == b""


def test_a_wheel_holds_all_that_is_in_the_package() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert build == {"targets": {"wheel": {"packages": ["src/amparo"]}}}

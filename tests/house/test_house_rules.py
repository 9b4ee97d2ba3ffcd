"""The house rules that no linter knows: names, lengths, first sentences, what must not be said."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 400
MOST_NAMES = 10
FORBIDDEN_NAMES = {"service", "manager", "utils", "util", "helpers", "common", "base", "misc"}

OURS = sorted((ROOT / "src").rglob("*.py")) + sorted((ROOT / "benchmarks").rglob("*.py"))
OURS += sorted((ROOT / "examples").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", OURS + TESTS, ids=_id)
def test_a_file_opens_with_one_sentence(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text, "a file introduces itself to someone who has never been here"
    first = text.split("\n\n")[0]
    assert first.rstrip().endswith((".", "?")), first


@pytest.mark.parametrize("path", OURS + TESTS, ids=_id)
def test_a_file_fits_on_a_few_screens(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", OURS, ids=_id)
def test_a_file_is_named_for_what_is_inside(path: Path) -> None:
    assert not {path.stem, *path.relative_to(ROOT).parts} & FORBIDDEN_NAMES


@pytest.mark.parametrize("path", [p for p in OURS if p.name == "__init__.py"], ids=_id)
def test_a_package_shows_at_most_ten_names(path: Path) -> None:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            assert len(ast.literal_eval(node.value)) <= MOST_NAMES


def test_the_project_names_no_machine_and_no_registry() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    forbidden = re.compile(r"/(?:work|root|home/\w+|tmp/\w+)/|index-url|files\.pythonhosted")
    for name in listed.stdout.splitlines():
        if name.endswith((".py", ".md", ".toml", ".txt", "Makefile")) and name != _id(
            Path(__file__)
        ):
            found = forbidden.search((ROOT / name).read_text(encoding="utf-8"))
            assert not found, f"{name}: {found and found.group()}"


def test_nothing_that_is_made_is_kept() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert listed.stdout == ""
    for path in OURS + TESTS:
        assert b"\x00" not in path.read_bytes()

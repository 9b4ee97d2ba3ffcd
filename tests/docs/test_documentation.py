"""What the documentation says is true: commands run, tables are complete, links lead on."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from amparo.core.problems import ProblemCode
from amparo.core.settings import Settings
from amparo.detect.lists.columns import COLUMNS
from amparo.kernels.pdq import Turn
from amparo.programs.command import command
from amparo.testing.hostile import encoded, photograph_like
from tests.conftest import Run

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
RUN_ELSEWHERE = {
    "make demo": "tests/journeys/test_demo.py runs what it runs after the set-up",
    "make test": "this is one of the tests that it runs",
    "source .venv/bin/activate": "a shell's own affair",
}


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def commands(page: Path) -> list[str]:
    """The lines with a prompt in a page's console blocks, without their remarks.

    The quick start has a test of its own, tests/journeys/test_serve.py.
    """
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"(?<!start -->\n)```console\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [line[2:].split("  #")[0].strip() for line in lines]


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=name)
def test_every_command_of_a_page_runs(page: Path, tmp_path: Path, amparo: Run) -> None:
    for folder, seed in (("known", 1), ("uploads", 1), ("more", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(encoded(photograph_like(seed=seed), "PNG"))
    for listed in ("theirs.jsonl", "known.jsonl"):
        (tmp_path / listed).write_text(amparo("hash", "known").out)
    (tmp_path / "bare.txt").write_text("0f" * 32 + "\n")
    for line in commands(page):
        words, _, target = line.partition(" > ")
        if line in RUN_ELSEWHERE or line.startswith("make "):
            assert line in RUN_ELSEWHERE or _is_made(line), line
            continue
        program, *arguments = shlex.split(words)
        assert program == "amparo", line
        ended = amparo(*arguments)
        assert ended.status in ((0, 1) if arguments[0] == "scan" else (0,)), (line, ended)
        if target:
            (tmp_path / target).write_text(ended.out)


def _is_made(line: str) -> bool:
    """Whether the Makefile has the target that `line` asks for."""
    make = shutil.which("make")
    assert make is not None
    plan = subprocess.run([make, "-n", *line.split()[1:]], cwd=ROOT, capture_output=True)
    return plan.returncode == 0


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https://)([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{name(page)} links to {target}"


def test_every_page_can_be_reached() -> None:
    reached = {ROOT / "README.md"}
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        for target in re.findall(r"\]\((?!https://)([^)#]+)\)", page.read_text(encoding="utf-8")):
            leads = (page.parent / target).resolve()
            found = sorted(leads.glob("*.md")) if leads.is_dir() else [leads]
            new = [each for each in found if each.suffix == ".md" and each not in reached]
            reached.update(new)
            waiting += new
    assert set(PAGES) <= reached


def rows(page: str) -> set[str]:
    """The first cells of all tables of a page, without their code marks."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return {
        cell
        for row in re.findall(r"^\| (.+?) \|", text, re.M)
        for cell in re.findall(r"`(.+?)`", row)
    }


def test_every_setting_is_listed_with_its_default() -> None:
    text = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    for field, about in Settings.model_fields.items():
        default = "~/.local/share/amparo" if field == "home" else about.default
        if isinstance(default, tuple):
            default = json.dumps(default)
        shown = "none" if default in (None, "") else f"`{default}`"
        assert f"| `AMPARO_{field.upper()}` | {shown} | {about.description} |" in text
    assert len(rows("reference/settings.md")) == len(Settings.model_fields)


def test_every_problem_is_explained() -> None:
    assert rows("reference/problems.md") == {code.value for code in ProblemCode}


def test_every_column_of_a_list_is_explained() -> None:
    assert set(COLUMNS) == rows("how-to/write-a-list.md")


def test_every_variant_is_explained() -> None:
    assert {turn.value for turn in Turn} <= rows("reference/hashes.md")


def test_every_command_and_option_is_explained() -> None:
    import click

    text = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    context = click.Context(command)
    for each in command.list_commands(context):
        assert f"## amparo {each}" in text
        found = command.get_command(context, each)
        assert found is not None
        parts = found.commands.values() if isinstance(found, click.Group) else ()
        for option in (option for one in (found, *parts) for option in one.params):
            if isinstance(option, click.Option):
                assert f"`{option.opts[0]}" in text, f"{each} {option.opts[0]}"


def test_every_variable_of_a_policy_is_explained_and_its_example_works() -> None:
    from amparo.detect.deciding.conditions import FIELDS, Condition

    text = (ROOT / "docs/reference/policy.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `([a-z.]+\.[a-z_]+)` \|.*\| `(.+)` \|$", text, re.M)
    fields = {f"{name}.{field}" for name, known in FIELDS.items() for field in known}
    shown = {name.replace("m.", "matches.", 1) if name.startswith("m.") else name
             for name, _ in explained}  # fmt: skip
    assert shown == fields
    for _, example in explained:
        Condition(example)


def test_every_route_is_explained_with_its_scope() -> None:
    from amparo.interfaces.api.app import routes

    text = (ROOT / "docs/reference/http.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([A-Z]+ /\S*)` \|", text, re.M))
    paths = routes().openapi()["paths"]
    there = {f"{verb.upper()} {path}" for path, verbs in paths.items() for verb in verbs}
    assert explained == there


def test_every_role_is_explained_with_its_scopes() -> None:
    from amparo.access.model import Scope
    from amparo.access.roles import GRANTED

    text = (ROOT / "docs/reference/http.md").read_text(encoding="utf-8")
    for role, scopes in GRANTED.items():
        words = ", ".join(each for each in Scope if each in scopes) or "none"
        said = "all" if scopes == frozenset(Scope) else words
        assert f"| {role.value} | {said} |" in text


def test_the_examples_in_python_run(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(encoded(photograph_like(), "JPEG"))
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "a.jpg").write_bytes(encoded(photograph_like(), "JPEG"))
    text = (ROOT / "docs/how-to/python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 3
    for number, block in enumerate(blocks):
        program = tmp_path / f"example_{number}.py"
        program.write_text(block)
        subprocess.run([sys.executable, program], cwd=tmp_path, check=True, capture_output=True)


FLOORS = {
    "0.3 MP photograph": (6.5, 8.5),
    "2 MP photograph": (6.5, 11.0),
    "12 MP photograph": (13.0, 28.0),
}


def test_the_figures_in_the_readme_name_their_machine_and_reach_their_floors() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    figures = text.split("<!-- figures: hashing -->")[1].split("<!-- /figures -->")[0]
    assert "Measured by `make bench` on" in figures
    rows = {line.split(" | ")[0].strip("| "): line for line in figures.splitlines()}
    for picture, floors in FLOORS.items():
        ratios = [float(each) for each in re.findall(r"\*\*([\d.]+) ×\*\*", rows[picture])]
        assert len(ratios) == 3
        assert all(ratio >= floor for ratio, floor in zip(ratios, floors, strict=False))
    assert float(rows["2 MP photograph"].split("|")[-2]) <= 1.15

"""Pieces of work are each done once, by several processes, again and again in one program."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
BEGIN = """
from amparo.core.errors import Unavailable
from amparo.detect.bulk.each import Crew, Runner, each
from tests.detect.bulk.shouting import open_work, prepare
crew = Crew(Runner.LOCAL, 2, prepare)
def done(pieces):
    return sorted(one.split() for one in each(pieces, open_work, crew))
"""


def run(program: str) -> str:
    """Daft is for a program of its own: it keeps threads."""
    ended = subprocess.run(
        [sys.executable, "-c", f"{BEGIN}{program}\nimport os; os._exit(0)"], cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_each_piece_is_done_once_however_often_it_is_begun() -> None:
    out = run(
        "pieces = [b'slow', b'a', b'b', b'c']\n"
        "for _ in range(2):\n"
        "    found = done(pieces)\n"
        "    print([word for word, _ in found], len({process for _, process in found}))"
    )
    assert out.splitlines() == ["[b'A', b'B', b'C', b'SLOW'] 2"] * 2


def test_a_piece_that_fails_is_told_with_its_reason() -> None:
    out = run(
        "try: done([b'a', b'fail', b'b'])\n"
        "except Unavailable as error: print(error.message)"
    )  # fmt: skip
    assert "A worker failed" in out
    assert "run it again" in out


def test_an_error_of_ours_comes_through_in_its_own_words() -> None:
    out = run(
        "try: done([b'a', b'refuse', b'b'])\n"
        "except Unavailable as error: print(error.message)"
    )  # fmt: skip
    assert out == "There is no such piece; bring another.\n"


def test_a_single_piece_needs_no_further_process() -> None:
    assert run("import os\nprint(int(done([b'a'])[0][1]) == os.getpid())") == "True\n"

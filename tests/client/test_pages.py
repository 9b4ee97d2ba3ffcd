"""What the pages for callers show in Python runs, against a real Amparo."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from amparo.client import Amparo
from amparo.client.calls.asking import Asking
from amparo.testing.hostile import encoded, photograph_like
from tests.interfaces.conftest import Platform

PAGES = Path(__file__).parents[2] / "docs" / "how-to"
SETTINGS = "from django.conf import settings\nsettings.configure()\n"


def blocks(page: str) -> list[str]:
    """The programs of a page; what needs Django's settings gets them."""
    text = (PAGES / page).read_text(encoding="utf-8")
    found = re.findall(r"(<!-- needs settings -->\n)?```python\n(.*?)```", text, re.DOTALL)
    return [(SETTINGS if needs else "") + block for needs, block in found]


@pytest.mark.parametrize(("page", "count"), [("call-from-python.md", 6), ("guards.md", 4)])
def test_what_a_page_shows_runs(page: str, count: int, platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "upload.jpg").write_bytes(encoded(photograph_like(), "JPEG"))
    where = {"AMPARO_URL": str(platform.http.base_url), "AMPARO_KEY": platform.key}
    shown = blocks(page)
    assert len(shown) == count
    said = ""
    for block in shown:
        ended = subprocess.run(
            [sys.executable, "-W", "error", "-c", block],
            cwd=tmp_path, env=os.environ | where, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        said += ended.stdout
    if page == "call-from-python.md":
        assert said.startswith("allow ")
        assert "[]\nWe have your notice and will answer it." in said
        assert "1 added, 0 withdrawn\n404 not_found " in said


def test_every_call_is_listed() -> None:
    text = (PAGES / "call-from-python.md").read_text(encoding="utf-8")
    table = "".join(re.findall(r"^\|.*\|$", text, re.M))
    calls = (
        {each for each in dir(Amparo) if not each.startswith("_")} - {"close"} - set(dir(Asking))
    )
    assert set(re.findall(r"`(\w+)`", table)) == calls


@pytest.mark.parametrize("example", ["fastapi_upload.py", "django_upload.py"])
def test_an_example_is_short_and_needs_three_lines(example: str) -> None:
    text = (PAGES.parents[1] / "examples" / example).read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    assert re.findall(r"# (\d) of 3$", text, re.M) == ["1", "2", "3"]

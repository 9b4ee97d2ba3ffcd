"""The command by which somebody answers what was told, without the console."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from amparo.db import Database
from amparo.detect.media.sandbox import Sandbox
from tests.conftest import Ended, Run
from tests.interfaces.conftest import Platform, serving_platform
from tests.interfaces.test_notices import SIGNED, ask, tell

Type = Callable[..., Ended]


@pytest.fixture
def platform(
    database: Database, database_url: str, tmp_path: Path, sandbox: Sandbox
) -> Iterator[Platform]:
    yield from serving_platform(database_url, tmp_path, sandbox)


@pytest.fixture
def typed(platform: Platform, database_url: str, amparo: Run) -> Type:
    """Run `amparo notices` beside a service."""
    environment = {"AMPARO_HOME": str(platform.home), "AMPARO_DATABASE_URL": database_url}
    return partial(amparo, "notices", env=environment)


def listed(typed: Type, *options: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in typed("list", *options).out.splitlines()]


def shown(typed: Type, number: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(typed("show", number).out)
    return found


def test_a_notice_is_listed_looked_at_and_answered(platform: Platform, typed: Type) -> None:
    made = tell(platform, SIGNED)
    number = made["number"]
    (waiting,) = listed(typed)
    assert (waiting["number"], waiting["signed"], waiting["overdue"]) == (number, True, False)
    before = shown(typed, number)
    assert (before["urls"], before["contact"]) == (SIGNED["urls"], SIGNED["contact"])
    assert (before["language"], before["outcome"], before["why"]) == ("es", None, None)
    answered = typed("answer", number, "--outcome", "removed", "--why", "Iba contra las reglas.")
    assert answered.status == 0, answered.err
    assert listed(typed) == []
    (done,) = listed(typed, "--answered")
    assert (done["number"], done["outcome"]) == (number, "removed")
    assert shown(typed, number)["why"] == "Iba contra las reglas."
    assert ask(platform, number, made["secret"]).json()["outcome"] == "removed"


def test_an_answer_is_given_once_and_to_a_notice_that_is_there(
    platform: Platform, typed: Type
) -> None:
    number = tell(platform, SIGNED)["number"]
    empty = typed("answer", number, "--outcome", "passed-on", "--why", " ")
    assert empty.status == 2
    assert "Say why" in empty.err
    assert typed("answer", number, "--outcome", "kept", "--why", "x").status == 0
    again = typed("answer", number, "--outcome", "removed", "--why", "y")
    assert again.status == 2
    assert "answered" in again.err
    unknown = typed("show", "NYEC-AQ7C-PB3D-4KWZ")
    assert unknown.status == 2
    assert "no such notice" in unknown.err

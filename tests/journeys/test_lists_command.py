"""`amparo lists`: signals are withdrawn by the ids that they have, and rules of videos shown."""

import json
from pathlib import Path

import pytest

from tests.conftest import Ended, Run

MD5, SHA1 = "0" * 32, "2" * 40


@pytest.fixture
def home(tmp_path: Path, amparo: Run) -> dict[str, str]:
    """A platform with a list of three signals, two of which have one id."""
    home = {"AMPARO_HOME": str(tmp_path / "home")}
    (tmp_path / "known.csv").write_text(
        f"algorithm,value,id\nmd5,{MD5},one\nmd5,{'1' * 32},twice\nsha1,{SHA1},twice\n"
    )
    amparo("db", "upgrade", env=home)
    amparo("organisations", "create", "a platform", env=home)
    assert amparo("lists", "create", "known", env=home).status == 0
    assert amparo("lists", "import", "known", "known.csv", env=home).status == 0
    return home


def withdraw(amparo: Run, home: dict[str, str], *signals: str) -> Ended:
    return amparo("lists", "withdraw", "known", *signals, env=home)


def test_a_signal_is_withdrawn_by_its_own_id(amparo: Run, home: dict[str, str]) -> None:
    assert "1 withdrawn" in withdraw(amparo, home, "one", "one").err
    assert MD5 not in amparo("lists", "export", "known", env=home).out
    again = withdraw(amparo, home, "one")
    assert again.status == 2
    assert "No signal of the list 'known' has the id 'one'" in again.err


def test_an_id_that_several_have_names_all_by_their_numbers(
    amparo: Run, home: dict[str, str]
) -> None:
    ended = withdraw(amparo, home, "one", "twice")
    assert ended.status == 2
    assert "2 signals of the list 'known' have the id 'twice': 2 (md5), 3 (sha1)." in ended.err
    assert MD5 in amparo("lists", "export", "known", env=home).out
    assert "2 withdrawn" in withdraw(amparo, home, "one", "3").err
    assert withdraw(amparo, home, "twice").status == 0
    assert "Not all of these signals" in withdraw(amparo, home, "3").err


def test_rules_of_videos_are_said_shown_and_kept_once(amparo: Run, home: dict[str, str]) -> None:
    ended = amparo("lists", "video-rules", "known", "50:50", "50:50", env=home)
    assert ended.err == "known: videos match by 50:50.\n"
    [shown] = map(json.loads, amparo("lists", "show", env=home).out.splitlines())
    assert shown["video_rules"] == ["50:50"]
    two = amparo("lists", "video-rules", "known", "80:0", "0:80", env=home)
    assert two.err == "known: videos match by 80:0 or 0:80.\n"
    table = amparo("lists", "show", "--format", "table", env=home).out.splitlines()
    assert table[0].split()[-1] == "video_rules"
    assert table[1].endswith("80:0 0:80")

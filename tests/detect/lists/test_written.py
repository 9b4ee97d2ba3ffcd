"""Lists of what people write are read with the line and the column of what is wrong."""

from pathlib import Path

import pytest

from amparo.core.errors import Invalid
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists import read_list
from amparo.detect.lists.forms import digest_of
from amparo.detect.lists.model import ListKind, Signal
from amparo.detect.lists.negative import check_signals
from tests.databases import NOW


def complaint(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "words.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(Invalid) as told:
        read_list(path)
    return told.value.message


def test_all_kinds_are_read_and_come_to_their_one_form(tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    path.write_text(
        "algorithm,value\nkeyword,  ZORVIMEL \nurl,HTTP://A.example:80\nurl_prefix,a.example/b/\n"
        "url_host,*.A.example\nregex,\"a{1,2}\"\nemail,A@mail.example\naccount,Chat:A\n",
        encoding="utf-8",
    )  # fmt: skip
    signals = read_list(path).signals
    assert [each.text for each in signals] == [
        "zorvimel", "https://a.example/", "https://a.example/b", "a.example", "a{1,2}",
        "a@mail.example", "chat:a",
    ]  # fmt: skip
    assert all(each.value == digest_of(each.text) for each in signals)


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("keyword", "…!", "is nothing but punctuation and marks"),
        ("keyword", "", "has no letters"),
        ("keyword", "zorvimel" * 63, "has more than 500 characters"),
        ("url", "javascript:zorvimel", "is neither http nor https"),
        ("url_prefix", "https://a.example/?zorvimel", "has a query"),
        ("url_host", "zorvimel", "has no dot"),
        ("email", "zorvimel", "must be NAME@DOMAIN"),
        ("account", "@", "has no letters"),
        ("regex", "(zorvimel", "is no regular expression that RE2 takes"),
        ("regex", "z*", "matches where there is nothing"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column_and_not_repeated(
    tmp_path: Path, kind: str, value: str, words: str
) -> None:
    told = complaint(tmp_path, "algorithm,value", "keyword,good", f"{kind},{value}")
    assert f"words.csv, line 3, column 'value': {words}" in told
    assert "zorvimel" not in told


def test_words_do_not_come_one_a_line(tmp_path: Path) -> None:
    assert "those come as CSV or JSON lines" in complaint(tmp_path, "keyword:zorvimel")


def test_entries_of_negative_lists_may_be_words_with_a_reason_and_an_end() -> None:
    word = Signal("", Algorithm.KEYWORD, digest_of("a"), text="a", note="a name", expires=NOW)
    check_signals(ListKind.NEGATIVE, [word])
    with pytest.raises(Invalid, match="note"):
        check_signals(ListKind.NEGATIVE, [Signal("", Algorithm.KEYWORD, "00", text="a")])

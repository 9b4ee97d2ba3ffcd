"""Links and addresses are spotted in ordinary writing of any script, in time by the length."""

import time

import pytest

from amparo.detect.texts.spotting import spotted


def said(text: str, *, addresses: bool = False) -> list[str]:
    data = text.encode()
    return [
        data[each.start : each.end].decode()
        for each in spotted(data)
        if each.is_address == addresses
    ]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("see https://hub.example/a_(b) now", "https://hub.example/a_(b)"),
        ("(see https://hub.example/a_(b).)", "https://hub.example/a_(b)"),
        ("(see https://hub.example/a)", "https://hub.example/a"),
        ("https://hub.example/~zorvi_", "https://hub.example/~zorvi_"),
        ("https://hub.example/~zorvi_.", "https://hub.example/~zorvi_"),
        ("*https://hub.example/a*", "https://hub.example/a"),
        ("hub.example/a?", "hub.example/a"),
        ("bücher.example:81/ä", "bücher.example:81/ä"),
        ("看hub.example/abc", "hub.example/abc"),
        ("看hub.example谢谢", "hub.example"),
        ("看hub.example/abc谢谢", "hub.example/abc"),
        ("見てhub.exampleです", "hub.example"),
        ("https://hub.example/abc，很好", "https://hub.example/abc"),
        ("“https://hub.example/abc”。", "https://hub.example/abc"),
        ("https://hub.example/abc…", "https://hub.example/abc"),
        ("https://hub.example/書", "https://hub.example/書"),
        ("https://hub.example/a、https://hub.example/b", "https://hub.example/b"),
    ],
)
def test_a_link_is_spotted_as_it_is_meant(text: str, meant: str) -> None:
    assert meant in said(text)
    assert said(text, addresses=True) == []


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("to joe.x+y@mail.example.", "joe.x+y@mail.example"),
        ("写信到joe@mail.example谢谢", "joe@mail.example"),
        ("joe@mail.exampleへ", "joe@mail.example"),
        ("jürgen@bücher.example", "jürgen@bücher.example"),
    ],
)
def test_an_address_is_spotted_as_it_is_meant(text: str, meant: str) -> None:
    assert meant in said(text, addresses=True)
    assert said(text) == []


def test_a_part_of_a_name_in_another_script_is_no_name_of_its_own() -> None:
    assert said("bücher.example") == ["bücher.example"]
    assert said("jürgen@mail.example", addresses=True) == ["jürgen@mail.example"]


@pytest.mark.parametrize(
    "piece",
    ["漢", "a.", "a@", "a.bb_", "http://", "x", "a@b.example ", "看a.bb", "a.bb/漢,", "é", "(", ")",
     "https://a.bb/())", "https://a.bb/漢."],
)  # fmt: skip
def test_time_grows_with_the_text_and_nothing_is_complained_of(
    piece: str, capfd: pytest.CaptureFixture[str]
) -> None:
    data = (piece * (1_000_000 // len(piece.encode()))).encode()
    began = time.perf_counter()
    for _ in zip(range(10_000), spotted(data), strict=False):
        pass
    assert time.perf_counter() - began < 4
    assert capfd.readouterr().err == ""

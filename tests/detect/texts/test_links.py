"""All ways to write a link come to one form; what is none is refused without being repeated."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amparo.core.errors import Invalid
from amparo.detect.texts.links import (
    MOST_LETTERS,
    MOST_STEPS,
    BadLink,
    Link,
    link_host,
    link_prefix,
    whole_link,
)

SAME = "https://example.org/a/c~?x=1"


@pytest.mark.parametrize(
    "written",
    [
        "http://example.org/a/c~?x=1",
        "HTTPS://EXAMPLE.ORG:443/a/c~?x=1#part",
        "https://user:secret@example.org/a/c~?x=1",
        "https://example.org./a/./b/../c%7e?x=1",
        "http:\\\\example.org\\a\\c~?x=1",
        "example.org/a/c%7E?x=1",
        "//example.org:80/a/c~?x=1",
        "https://ｅｘａｍｐｌｅ.org/a/c~?x=1",
        " \thttps://exam\nple.org/a/c~?x=1 ",
    ],
)
def test_a_link_has_one_form(written: str) -> None:
    assert whole_link(written) == SAME


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("https://bücher.example/ä%2f", "https://xn--bcher-kva.example/%C3%A4%2F"),
        ("http://[2001:DB8::0:1]:8080/", "https://[2001:db8::1]:8080/"),
        ("http://0x7f.1/", "https://127.0.0.1/"),
        ("example.org:8080/x", "https://example.org:8080/x"),
        ("http://example.org/%%34?%7e", "https://example.org/%254?%7e"),
        ("http://аррӏе.example/", "https://xn--80ak6aa92e.example/"),
    ],
)
def test_what_browsers_take_is_taken_as_they_take_it(written: str, form: str) -> None:
    assert whole_link(written) == form


@pytest.mark.parametrize(
    "written",
    ["", "   ", "mailto:a@example.org", "ftp://example.org/", "javascript:alert(1)", "http://",
     "http://exa mple.org/", "http://\x00/", "http://e\ud800x/", "http://xn--/", "https://[::1/",
     "https://" + "a." * 200 + "example/", "https://example.org/" + "a" * MOST_LETTERS, "/a/b"],
)  # fmt: skip
def test_what_is_no_link_is_refused_and_not_repeated(written: str) -> None:
    with pytest.raises(Invalid) as told:
        whole_link(written)
    assert len(told.value.message) < 100
    assert "example" not in told.value.message


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60), st.text(max_size=30))
def test_whatever_comes_has_one_form_or_a_reason(one: str, other: str) -> None:
    for written in (one, f"http://{one}/{other}", f"https://example.org/{one}?{other}"):
        try:
            form = whole_link(written)
        except Invalid:
            continue
        assert whole_link(form) == form


def test_a_link_lies_below_each_step_of_its_path_and_on_each_part_of_its_host() -> None:
    link = Link.of("https://a.b.example/x/y/?q")
    assert list(link.prefixes()) == [
        "https://a.b.example", "https://a.b.example/x", "https://a.b.example/x/y",
    ]  # fmt: skip
    assert list(link.hosts()) == ["a.b.example", "b.example", "example"]
    assert list(Link.of("https://192.0.2.7/").hosts()) == ["192.0.2.7"]


def test_a_path_of_very_many_steps_costs_no_more_than_the_most_that_a_list_may_have() -> None:
    link = Link.of("https://example.org/" + "a/" * 8000)
    assert len(list(link.prefixes())) == MOST_STEPS + 1
    with pytest.raises(Invalid, match="more than 64 steps"):
        link_prefix("https://example.org/" + "a/" * 65)


def test_a_prefix_has_no_query_and_its_last_slash_makes_no_difference() -> None:
    assert link_prefix("http://example.org/a/") == link_prefix("example.org/a")
    assert link_prefix("http://example.org/") == "https://example.org"
    with pytest.raises(Invalid, match="query"):
        link_prefix("https://example.org/a?b")


def test_a_host_is_a_name_alone() -> None:
    assert link_host("*.Bücher.example.") == "xn--bcher-kva.example"
    assert link_host("[::1]") == "[::1]"
    for wrong in ("org", "https://example.org/a", "example.org:81", "a@example.org", ""):
        with pytest.raises(Invalid):
            link_host(wrong)


def test_a_link_shows_nothing_of_itself_by_accident() -> None:
    assert "example" not in repr(Link.of("https://example.org/a"))


@pytest.mark.parametrize(
    "outer",
    ["https://go.example/?to=https://bad.example/page?id=7",
     "https://go.example/?to=https%3A%2F%2Fbad.example%2Fpage%3Fid%3D7&from=mail",
     "https://go.example/?to=https%3a%2f%2fbad.example/page%3fid=7",
     "https://archive.example/web/2020/http:/bad.example/page?id=7",
     "https://go.example/?to=https%3A//bad.example/page?id=7",
     "https://go.example/?to=https:%2F%2Fbad.example/page%3Fid=7",
     "https://go.example/?to=https%253A%252F%252Fbad.example%252Fpage%253Fid%253D7",
     "https://go.example/?" + "http://" * 90 + "x&to=https://bad.example/page?id=7",
     "https://archive.example/web/2020/http://BAD.example/page?id=7",
     "https://go.example/HTTPS%3a%2f%2fbad.example/page%3Fid=7"],
)  # fmt: skip
def test_links_within_links_are_seen(outer: str) -> None:
    assert "https://bad.example/page?id=7" in {each.whole for each in Link.of(outer).inner()}


def test_of_very_many_links_within_one_only_the_first_are_seen() -> None:
    link = Link.of("https://go.example/?" + "https://a.example" * 900)
    assert len(list(link.inner())) <= 16


@pytest.mark.parametrize("form", [whole_link, link_prefix])
def test_a_word_is_not_listed_as_a_link(form: Callable[[str], str]) -> None:
    with pytest.raises(BadLink):
        form("zorvimel")
    assert form("http://192.0.2.7/a") == "https://192.0.2.7/a"

"""What is written is read back as the same signals."""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amparo.core.errors import Invalid
from amparo.detect.hashing.model import OWN, Algorithm
from amparo.detect.hashing.vpdq import VpdqFrame, vpdq_text
from amparo.detect.lists import Signal, read_list, write_list
from amparo.detect.lists.forms import digest_of

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=20
).map(str.strip)
MOMENTS = st.datetimes(datetime(1990, 1, 1), timezones=st.just(UTC))
LABELS = st.lists(WORDS.filter(lambda each: each and "|" not in each), max_size=3).map(tuple)


FRAMES = st.builds(
    VpdqFrame,
    st.binary(min_size=32, max_size=32),
    st.integers(0, 100),
    st.integers(0, 10**7).map(lambda milliseconds: milliseconds / 1000),
)
"""Of a video, at any time until three hours after its beginning."""


WRITTEN = {
    Algorithm.VPDQ: st.lists(FRAMES, min_size=1).map(vpdq_text),
    Algorithm.URL: st.sampled_from(["https://example.org/a,b?c", "https://xn--bcher-kva.example/"]),
    Algorithm.URL_PREFIX: st.just("https://example.org:8080/a"),
    Algorithm.URL_HOST: st.just("example.org"),
    Algorithm.KEYWORD: st.sampled_from(["zorvimel", 'quandelu, "the" second', "=1+1", "#words"]),
    Algorithm.REGEX: st.sampled_from([r"zor(vi|mi){1,3}mel", "a,b"]),
}
"""Texts in their one form. Of names there is a keyed digest alone."""


@st.composite
def signals(draw: st.DrawFn) -> Signal:
    algorithm = draw(st.sampled_from(OWN))
    text = draw(WRITTEN.get(algorithm, st.just("")))
    digits = st.text("0123456789abcdef", min_size=algorithm.digits, max_size=algorithm.digits)
    return Signal(
        id=draw(WORDS.filter(bool)),
        algorithm=algorithm,
        value=digest_of(text) if text else draw(digits),
        quality=draw(st.none() | st.integers(0, 100)),
        source=draw(WORDS),
        labels=draw(LABELS),
        classification=draw(WORDS),
        confidence=draw(st.none() | st.floats(0, 1)),
        expires=draw(st.none() | MOMENTS),
        note=draw(WORDS),
        text=text,
    )  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(several=st.lists(signals(), min_size=1, max_size=4))
def test_signals_survive(tmp_path: Path, form: str, several: list[Signal]) -> None:
    out = StringIO()
    write_list(several, out, form=form)
    path = tmp_path / "list"
    path.write_text(out.getvalue(), encoding="utf-8", newline="")
    assert list(read_list(path).signals) == several


def test_bare_hashes_keep_algorithm_and_value(tmp_path: Path) -> None:
    several = [Signal("x", each, "7" * each.digits) for each in OWN if not each.has_text]
    path = tmp_path / "list"
    with path.open("w") as file:
        write_list(several, file, form="hashes")
    found = [(each.algorithm, each.value) for each in read_list(path).signals]
    assert found == [(each.algorithm, each.value) for each in several]


def test_nothing_of_a_signal_shows_in_its_repr() -> None:
    assert "7777" not in repr(Signal("x", Algorithm.MD5, "7" * 32, note="secret"))


def test_a_video_is_refused_where_each_line_is_one_hash() -> None:
    text = vpdq_text([VpdqFrame(bytes(32), 100, 0.0)])
    video = Signal("x", Algorithm.VPDQ, digest_of(text), text=text)
    with pytest.raises(Invalid, match="vpdq, which is no single hash; export it as jsonl"):
        write_list([video], StringIO(), form="hashes")

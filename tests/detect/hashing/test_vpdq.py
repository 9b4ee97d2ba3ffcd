"""What the field writes of a video is read whole or not at all, and never without an end."""

import json

import pytest

from amparo.core.errors import Invalid
from amparo.detect.hashing.vpdq import LONGEST_TEXT, MOST_FRAMES, vpdq_frames, vpdq_text

FRAME = f"{'0f' * 32},100,1.000"


def test_what_is_written_is_read() -> None:
    text = json.dumps([FRAME, FRAME], separators=(",", ":"))
    assert vpdq_text(vpdq_frames(text)) == text


def test_as_many_frames_as_are_allowed_are_read_and_no_more() -> None:
    assert len(vpdq_frames(json.dumps([FRAME] * MOST_FRAMES, separators=(",", ":")))) == MOST_FRAMES
    with pytest.raises(Invalid, match=f"{MOST_FRAMES} are allowed"):
        vpdq_frames(json.dumps([FRAME] * (MOST_FRAMES + 1), separators=(",", ":")))


def test_a_text_that_is_too_long_is_not_read() -> None:
    with pytest.raises(Invalid, match="characters"):
        vpdq_frames(f'["{FRAME}"]' + " " * LONGEST_TEXT)


@pytest.mark.parametrize(
    "wrong",
    ["", "[]", "{}", "[7]", '["a"]', f'["{FRAME},1"]', f'["{"g" * 64},1,1"]', f'["{"0" * 63},1,1"]',
     f'["{"0" * 64},101,1"]', f'["{"0" * 64},-1,1"]', f'["{"0" * 64},1,nan"]',
     f'["{"0" * 64},1,inf"]', f'["{"0" * 64},1,-1"]', "[" * 100_000],
)  # fmt: skip
def test_what_is_no_video_is_refused_and_not_repeated(wrong: str) -> None:
    with pytest.raises(Invalid) as told:
        vpdq_frames(wrong)
    assert "0000" not in told.value.message

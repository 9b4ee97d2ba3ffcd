"""Profiles of what counsel allows: checked, signed off, and never an example."""

from datetime import date

import pytest

from amparo.access.jurisdiction import example, examples, read_profile
from amparo.access.jurisdiction.profile import BadProfile, require_signed

TODAY = date(2026, 11, 23)
GOOD = """
jurisdiction: 1
name: here
counsel: A. Lawyer
signed_off: 2026-11-01
surfaces:
  post: our terms of service, section 7
"""


def test_what_is_named_is_allowed_and_nothing_else() -> None:
    profile = read_profile(GOOD)
    require_signed(profile, TODAY)
    assert profile.allows("post")
    assert not profile.allows("storage")
    assert not profile.allows("message")


@pytest.mark.parametrize("name", examples())
def test_an_example_can_be_read_and_is_not_taken(name: str) -> None:
    profile = read_profile(example(name))
    assert not profile.allows("message")
    with pytest.raises(BadProfile, match="Nobody has signed"):
        require_signed(profile, TODAY)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("post:", "posts:", "surfaces.posts"),
        ("our terms of service, section 7", "''", "surfaces.post"),
        ("name: here", "name: Not A Name", "name"),
        ("jurisdiction: 1", "jurisdiction: 2", "jurisdiction"),
        ("counsel:", "councel:", "councel"),
        ("surfaces:", "surfaces: [", "line 8"),
        (GOOD, "- a", "the whole"),
        ("2026-11-01", "yesterday", "signed_off"),
    ],
)
def test_a_mistake_is_named(before: str, after: str, told: str) -> None:
    with pytest.raises(BadProfile) as caught:
        read_profile(GOOD.replace(before, after), "p.yaml")
    assert "p.yaml" in caught.value.message
    assert told in caught.value.message


def test_nobody_signs_off_tomorrow() -> None:
    with pytest.raises(BadProfile, match="in the future"):
        require_signed(read_profile(GOOD.replace("2026-11-01", "2026-11-24")), TODAY)

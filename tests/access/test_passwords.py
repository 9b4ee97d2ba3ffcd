"""Which passwords are refused, so that a short name in a good sentence is no reason."""

import pytest

from amparo.access.people.passwords import hash_of, is_right
from amparo.core.errors import Invalid


@pytest.mark.parametrize("email", ["eve@example.org", "ana@example.org", "s@example.org"])
def test_a_sentence_may_have_a_short_name_in_it(email: str) -> None:
    sentence = "seven green bananas in a row"
    assert is_right(sentence, hash_of(sentence, email))


@pytest.mark.parametrize(
    "password",
    [
        "eve@example.org",
        "Eve-Eve-Eve-12",
        "example.org-2026",
        "eveeveeveeve",
        "a" * 30,
        "elevenelev1",
    ],
)
def test_what_is_little_more_than_an_address_or_a_letter_is_refused(password: str) -> None:
    with pytest.raises(Invalid):
        hash_of(password, "eve@example.org")

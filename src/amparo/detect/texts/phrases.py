"""Words and phrases that a list names: checked, and in one form."""

import re
import unicodedata

from amparo.core.errors import Invalid

MOST_LETTERS = 500

_SPACES = re.compile(r"\s+")
_NOTHING_BY_THEMSELVES = frozenset({"C", "M", "P", "Z"})


class BadPhrase(Invalid):
    """What was taken for a word or phrase is none; the message does not repeat it."""

    code = "text.phrase"


def phrase(text: str) -> str:
    """A word or phrase in its one form: NFKC, case folded, one space between words.

    Raises BadPhrase where it is too long, or where nothing in it could be found as a word.
    """
    if len(text) > MOST_LETTERS:
        raise BadPhrase(f"A word or phrase may have {MOST_LETTERS} characters.")
    folded = unicodedata.normalize("NFKC", text)
    for _ in range(2):
        folded = unicodedata.normalize("NFKC", folded.casefold())
    folded = _SPACES.sub(" ", folded).strip()
    categories = {unicodedata.category(letter) for letter in folded}
    if "Cs" in categories or "Cc" in categories:
        raise BadPhrase("A word or phrase has no control characters.")
    if not folded:
        raise BadPhrase("A word or phrase has letters.")
    if {each[0] for each in categories} <= _NOTHING_BY_THEMSELVES:
        raise BadPhrase("A word or phrase is more than punctuation and marks.")
    return folded

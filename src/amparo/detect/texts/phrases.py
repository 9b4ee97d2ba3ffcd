"""Words and phrases that a list names: checked, and in one form."""

import unicodedata

from amparo.core.errors import Invalid
from amparo.detect.texts.folding import fold

MOST_LETTERS = 500

_NOTHING_BY_THEMSELVES = frozenset({"C", "M", "P", "Z"})


class BadPhrase(Invalid):
    """What was taken for a phrase is none; the message goes on from "The phrase"."""

    code = "text.phrase"


def phrase(text: str) -> str:
    """A word or phrase in its one form: NFKC, case folded, one space between words.

    Raises BadPhrase where it is too long, or where nothing in it could be found as a word.
    """
    if len(text) > MOST_LETTERS:
        raise BadPhrase(f"has more than {MOST_LETTERS} characters")
    if text.isascii():
        plain = " ".join(text.lower().split())
        if plain.isprintable() and any(map(str.isalnum, plain)):
            return plain  # as most are: in a twentieth of the time
    folded = "".join(map(chr, fold(text).codes.tolist())).strip()
    categories = {unicodedata.category(letter) for letter in folded}
    if "Cs" in categories or "Cc" in categories:
        raise BadPhrase("holds control characters")
    if not folded:
        raise BadPhrase("has no letters")
    if {each[0] for each in categories} <= _NOTHING_BY_THEMSELVES:
        raise BadPhrase("is nothing but punctuation and marks")
    return unicodedata.normalize("NFC", folded)

"""What kind of letter each is, as far as it tells where words begin and end.

In the manner of UAX #29. It differs where words would be missed: a dot, colon, apostrophe or `_`
between letters ends a word, and in scripts that are written without spaces a word may stand
anywhere.
"""

import unicodedata
from bisect import bisect_right

OTHER = 0
"""Spaces, punctuation, symbols: words end beside them."""

WORD = 1
"""Letters of scripts that put spaces between words."""

DIGIT = 2

MARK = 3
"""Belongs to the letter before it."""

FREE = 4
"""Letters of scripts without spaces: a word may begin or end beside any."""

POINT = 5
"""Between two digits it belongs to their number."""

AFTER_BREAK = 8
"""Added to the class of a letter before which a word ends in any case."""

ZERO_WIDTH_SPACE = 0x200B

_IGNORABLE_RANGES = (
    (0x00AD, 0x00AE),  # soft hyphen
    (0x034F, 0x0350),
    (0x061C, 0x061D),
    (0x115F, 0x1161),
    (0x17B4, 0x17B6),
    (0x180B, 0x1810),
    (0x200B, 0x2010),  # of no width, joiners, direction
    (0x202A, 0x202F),
    (0x2060, 0x2070),
    (0x3164, 0x3165),
    (0xFE00, 0xFE10),  # variants
    (0xFEFF, 0xFF00),
    (0xFFA0, 0xFFA1),
    (0xFFF0, 0xFFF9),
    (0x1BCA0, 0x1BCA4),
    (0x1D173, 0x1D17B),
    (0xE0000, 0xE1000),  # tags
)
"""Unicode's Default_Ignorable_Code_Point."""

_IGNORABLE_STARTS = [first for first, _ in _IGNORABLE_RANGES]

_FREE_RANGES = (
    (0x0E00, 0x0F00),  # Thai, Lao
    (0x0F00, 0x10A0),  # Tibetan, Myanmar
    (0x1780, 0x1800),  # Khmer
    (0x1950, 0x1A00),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AB0),  # Tai Tham
    (0x2E80, 0x2FE0),  # radicals
    (0x3005, 0x3130),  # Hiragana, Katakana, Bopomofo
    (0x31A0, 0x3200),
    (0x3400, 0x4DC0),  # Han
    (0x4E00, 0xA4D0),  # Han, Yi
    (0xA9E0, 0xAA00),  # Myanmar
    (0xAA60, 0xAAE0),  # Myanmar, Tai Viet
    (0xF900, 0xFB00),
    (0x11700, 0x11750),  # Ahom
    (0x16FE0, 0x18D00),  # Tangut
    (0x1AFF0, 0x1B300),  # Kana
    (0x20000, 0x40000),  # Han
)
_FREE_STARTS = [first for first, _ in _FREE_RANGES]
_EMOJI_SHADES = range(0x1F3FB, 0x1F400)


def class_of(letter: str) -> int:
    """One of the above."""
    category = unicodedata.category(letter)
    code = ord(letter)
    if category[0] == "M" or category == "Cf" or code in _EMOJI_SHADES:
        return MARK
    if category[0] == "N":
        return DIGIT
    if category[0] == "L":
        return FREE if _is_free(code) else WORD
    return POINT if letter in ".," else OTHER


def is_ignorable(code: int) -> bool:
    """Whether it is shown as nothing, and makes no difference to a word."""
    place = bisect_right(_IGNORABLE_STARTS, code) - 1
    return place >= 0 and code < _IGNORABLE_RANGES[place][1]


def _is_free(code: int) -> bool:
    place = bisect_right(_FREE_STARTS, code) - 1
    return place >= 0 and code < _FREE_RANGES[place][1]

"""E-mail addresses and account names in one form.

Letters are folded (NFKC, then case); nothing else is assumed: dots and whatever follows a plus sign
are part of a name, since services differ in what they make of them.
"""

import re
import unicodedata

from amparo.core.errors import Invalid
from amparo.detect.texts.links import BadLink, link_host

MOST_LETTERS = 320

_NAMESPACE = re.compile(r"([a-z0-9][a-z0-9._-]{0,39}):(.+)", re.DOTALL)
_SPACES = re.compile(r"\s+")


class BadName(Invalid):
    """What was taken for a name is none; the message goes on from "The name"."""

    code = "text.name"


def email(text: str) -> str:
    """An e-mail address in its one form. Raises BadName."""
    folded = _folded(text)
    name, at, domain = folded.rpartition("@")
    if not at or not name or not domain or _SPACES.search(folded) or "*" in domain:
        raise BadName("must be NAME@DOMAIN")
    try:
        return f"{name}@{link_host(domain)}"
    except BadLink:
        raise BadName("has no domain behind its '@'") from None


def account(text: str) -> str:
    """An account name in its one form, `service:name` or `name`. Raises BadName."""
    folded = _folded(text)
    found = _NAMESPACE.fullmatch(folded)
    service, name = (found[1], found[2]) if found else ("", folded)
    name = _SPACES.sub(" ", name.strip().removeprefix("@").strip())
    if not name:
        raise BadName("has no letters")
    return f"{service}:{name}" if service else name


def accounts_of(text: str) -> tuple[str, ...]:
    """The forms under which an account is listed: of its service, and of any. Raises BadName.

    A name that looks like another service's account is listed of its own service alone.
    """
    whole = account(text)
    found = _NAMESPACE.fullmatch(whole)
    return (whole, found[2]) if found and not _NAMESPACE.fullmatch(found[2]) else (whole,)


def _folded(text: str) -> str:
    if len(text) > MOST_LETTERS:
        raise BadName(f"has more than {MOST_LETTERS} characters")
    if any(unicodedata.category(letter) in ("Cc", "Cs") and not letter.isspace()
           for letter in text):  # fmt: skip
        raise BadName("holds control characters")
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded).strip()

"""Links in one form, whatever they were written like, by the rules that browsers follow (WHATWG).

http and https are the same; the fragment and whoever is named before the host are left out. The
query stays as it is, since only the site knows what in it matters.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote

import can_ada

from amparo.core.errors import Invalid

MOST_LETTERS = 16_384
"""A longer link is refused; browsers and sites give up before."""

MOST_STEPS = 64
"""A prefix is looked up to so many steps of its path."""

MOST_HOST_LETTERS = 253
MOST_INNER = 8

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_WITH_PORT = re.compile(r"[^:/?#@\\]*:[0-9]+(?:[/?#\\]|$)")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_USUAL_PORTS = frozenset({"", "80", "443"})
_INNER = re.compile(r"https?(?::|%(?:25)*3A)(?:/|%(?:25)*2F){1,2}", re.IGNORECASE)
_ESCAPED = re.compile(r"https?(?::/?)?%", re.IGNORECASE)
_MOST_ESCAPES = 3
_NUMERIC = re.compile(r"[0-9.]+|\[.*\]")


class BadLink(Invalid):
    """What was taken for a link is none; the message goes on from "The link"."""

    code = "text.link"


@dataclass(frozen=True, slots=True, repr=False)
class Link:
    """A link in its one form; `place` is the host, with its port where it is no usual one."""

    host: str
    place: str
    path: str
    query: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises BadLink."""
        parsed = _parsed(_with_scheme(text))
        host = _checked_host(parsed.hostname)
        place = host if parsed.port in _USUAL_PORTS else f"{host}:{parsed.port}"
        return cls(host, place, _plain_escapes(parsed.pathname), parsed.search)

    @property
    def whole(self) -> str:
        """This very page."""
        return f"https://{self.place}{self.path}{self.query}"

    @property
    def prefix(self) -> str:
        """This page and all below it; a slash at the end makes no difference."""
        return f"https://{self.place}{self.path.rstrip('/')}"

    def prefixes(self) -> Iterator[str]:
        """All prefixes that this page lies below, the widest first."""
        whole = self.prefix
        end = len("https://") + len(self.place)
        yield whole[:end]
        for _ in range(MOST_STEPS):
            if end >= len(whole):
                return
            end = whole.find("/", end + 1)
            end = len(whole) if end < 0 else end
            yield whole[:end]

    def hosts(self) -> Iterator[str]:
        """The host, and all that it is a part of."""
        yield self.host
        if _NUMERIC.fullmatch(self.host):
            return
        rest = self.host
        while "." in rest:
            rest = rest.partition(".")[2]
            yield rest

    def inner(self) -> Iterator["Link"]:
        """Links that this one holds, as redirectors, trackers and web archives write them."""
        rest = f"{self.path}{self.query}"
        places = [found.start() for found in _INNER.finditer(rest)]
        for place in dict.fromkeys((*places[:MOST_INNER], *places[-MOST_INNER:])):
            said = rest[place:]
            for way in dict.fromkeys((said, said.partition("&")[0])):
                try:
                    yield Link.of(_unescaped(way) if _ESCAPED.match(way) else way)
                except BadLink:
                    continue  # it only looked like one

    def __repr__(self) -> str:
        return "Link(…)"


def _unescaped(text: str) -> str:
    """As a link within a link was before it was escaped, once or again."""
    for _ in range(_MOST_ESCAPES):
        if not _ESCAPED.match(text):
            break
        text = unquote(text)
    return text


def whole_link(text: str) -> str:
    """A link in its one form, as lists have it. Raises BadLink."""
    return _public(text).whole


def link_prefix(text: str) -> str:
    """A link that stands for all below it, in its one form. Raises BadLink."""
    link = _public(text)
    if link.query:
        raise BadLink("has a query ('?'), and a prefix ends with its path")
    if link.path.rstrip("/").count("/") > MOST_STEPS:
        raise BadLink(f"has more than {MOST_STEPS} steps in its path")
    return link.prefix


def _public(text: str) -> Link:
    """A link to a host that others can reach too. Raises BadLink."""
    link = Link.of(text)
    if not _has_dot(link.host):
        raise BadLink("has a host without a dot, which is none that others can reach")
    return link


def _has_dot(host: str) -> bool:
    return "." in host or _NUMERIC.fullmatch(host) is not None


def link_host(text: str) -> str:
    """A host in its one form, which stands for all below it too. Raises BadLink."""
    name = text.strip().removeprefix("*.")
    if not name or set(name) & set("/?#@\\"):
        raise BadLink("must be a host's name or address alone, such as example.org")
    parsed = _parsed(f"https://{name}")
    if parsed.port:
        raise BadLink("has a port; list a url_prefix for one")
    host = _checked_host(parsed.hostname)
    if not _has_dot(host):
        raise BadLink("has no dot, and would stand for all below a top level")
    return host


def _with_scheme(text: str) -> str:
    """With `https` where there is none, as people write links to each other."""
    text = text.strip()
    if len(text) > MOST_LETTERS:
        raise BadLink(f"has more than {MOST_LETTERS} characters")
    scheme = _SCHEME.match(text)
    if scheme is None or _WITH_PORT.match(text):
        if text.startswith("/") and not text.startswith("//"):
            raise BadLink("is a path without a host")
        return f"https://{text.removeprefix('//')}"
    if scheme.group().lower() not in ("http:", "https:"):
        raise BadLink("is neither http nor https")
    return text


def _parsed(text: str) -> can_ada.URL:
    try:
        text.encode()  # what is no text is refused before the library sees it
        return can_ada.parse(text)
    except (UnicodeEncodeError, ValueError):
        raise BadLink("is no link that a browser would follow") from None


def _checked_host(host: str) -> str:
    host = host.rstrip(".")
    if not host or len(host) > MOST_HOST_LETTERS:
        raise BadLink(f"has no host, or one of more than {MOST_HOST_LETTERS} characters")
    return host


def _plain_escapes(path: str) -> str:
    """Escapes where they are needed and in capitals; RFC 3986, section 6.2.2."""
    return _ESCAPE.sub(_plain_escape, path) if "%" in path else path


def _plain_escape(found: re.Match[str]) -> str:
    if found[1] is None:
        return "%25"
    letter = chr(int(found[1], 16))
    return letter if letter in _UNRESERVED else f"%{found[1].upper()}"

"""What is looked up for what people write: the words, links and names in it, and where they are."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from amparo.core.ids import OrganisationId
from amparo.detect.hashing.model import Algorithm
from amparo.detect.index.phrases.model import DIGEST_BYTES
from amparo.detect.lists.model import Signal
from amparo.detect.matching.host.asked import Asked
from amparo.detect.matching.host.look_up import HostIndex
from amparo.detect.texts.folding import fold
from amparo.detect.texts.links import MOST_LETTERS, BadLink, Link
from amparo.detect.texts.names import BadName, accounts_of, email
from amparo.detect.texts.patterns import finds
from amparo.detect.texts.spotting import spotted

T = TypeVar("T")

MOST_FINDS = 10_000
"""Of words in a text; more are not looked up."""

MOST_OF_A_PATTERN = 100
MOST_LINKS = 10_000

NameDigest = Callable[[Algorithm, str], bytes]
"""The keyed digest by which a name in its one form is listed."""


@dataclass(frozen=True, slots=True, repr=False)
class Written:
    """What somebody wrote, and accounts and addresses that the platform names beside it."""

    text: str = ""
    accounts: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Placed:
    """A link, and where it stands in a text or among others."""

    link: Link
    start: int = -1
    end: int = -1
    item: int = -1


def asked_of_links(
    links: Sequence[Placed], index: HostIndex, organisation: OrganisationId, lot: bytes = b""
) -> list[Asked]:
    """What is looked up for links, as far as it is listed: each itself, all above it, its hosts.

    Also of links within links.
    """
    inner = [replace(placed, link=link) for placed in links for link in placed.link.inner()]
    links = [*links, *inner]
    asked = []
    for kind, forms in _FORMS.items():
        digests, of = [], []
        before: set[tuple[str, int, int]] = set()
        for number, placed in enumerate(links):
            for form in forms(placed.link):
                once = form, placed.start, placed.item
                if once in before:
                    continue  # of a link that may end in several places
                before.add(once)
                digests.append(_digest(form))
                of.append(number)
        values = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, DIGEST_BYTES)
        for row in np.flatnonzero(index.are_listed(kind, values, organisation)).tolist():
            one = links[of[row]]
            drawn_by = lot or _digest(one.link.whole)
            asked.append(
                Asked(kind, digests[row], lot=drawn_by, start=one.start, end=one.end, item=one.item)
            )
    return asked


_FORMS: Mapping[Algorithm, Callable[[Link], Iterable[str]]] = MappingProxyType(
    {
        Algorithm.URL: lambda link: (link.whole,),
        Algorithm.URL_PREFIX: Link.prefixes,
        Algorithm.URL_HOST: Link.hosts,
    }
)


def asked_of_written(
    written: Written, index: HostIndex, organisation: OrganisationId, digest: NameDigest
) -> tuple[list[Asked], bool]:
    """Everything that is looked up, and whether there was more than is looked up at once.

    Accounts and addresses that are none are left out; `no_names` tells of them.
    """
    text = written.text
    lot = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
    asked = list(_of_names(written, digest))
    if not text:
        return asked, False
    folded = fold(text)
    found, truncated = index.phrases(folded, organisation, most=MOST_FINDS)
    for each in found:
        start, end = folded.span(each.first, each.behind)
        asked.append(Asked(Algorithm.KEYWORD, each.digest, lot=lot, start=start, end=end))
    data = text.encode(errors="replace")
    places = _places(data)
    cut = False
    for known in index.patterns(organisation):
        some, more = _of_pattern(known.signal, data, places, lot)
        asked += some
        cut |= more
    links, addresses, many = _spotted(data, places)
    asked += asked_of_links(links, index, organisation, lot)
    asked += [
        Asked(Algorithm.EMAIL, digest(Algorithm.EMAIL, form), lot=lot, start=start, end=end)
        for form, start, end in addresses
    ]
    return asked, truncated or cut or many


@dataclass(frozen=True, slots=True)
class NoName:
    """What was sent as an account or address and is none: where, and why; nothing of it."""

    field: str
    item: int
    message: str


def no_names(written: Written) -> tuple[NoName, ...]:
    """What of the accounts and addresses that are named beside a text cannot be looked up."""
    return tuple(each for each in _names(written) if isinstance(each, NoName))


def _of_names(written: Written, digest: NameDigest) -> Iterator[Asked]:
    for each in _names(written):
        if isinstance(each, NoName):
            continue
        kind, item, forms = each
        for form in forms:
            yield Asked(kind, digest(kind, form), item=item)


def _names(written: Written) -> Iterator[tuple[Algorithm, int, tuple[str, ...]] | NoName]:
    for item, given in enumerate(written.accounts):
        try:
            yield Algorithm.ACCOUNT, item, accounts_of(given)
        except BadName as error:
            yield NoName("accounts", item, f"{error.message}.")
    for item, given in enumerate(written.emails):
        try:
            yield Algorithm.EMAIL, item, (email(given),)
        except BadName as error:
            yield NoName("emails", item, f"{error.message}.")


def _of_pattern(
    signal: Signal, data: bytes, places: NDArray[np.int64], lot: bytes
) -> tuple[list[Asked], bool]:
    """Where an expression matches, and whether it was not searched for to the end."""
    value = bytes.fromhex(signal.value)
    some, more = _first(finds(signal.text, data), MOST_OF_A_PATTERN)
    asked: list[Asked] = []
    for each in some:
        if each is None:
            return asked, True
        start, end = int(places[each[0]]), int(places[each[1]])
        asked.append(Asked(Algorithm.REGEX, value, lot=lot, start=start, end=end))
    return asked, more


def _spotted(
    data: bytes, places: NDArray[np.int64]
) -> tuple[list[Placed], list[tuple[str, int, int]], bool]:
    """Links and addresses in a text, as far as they are such; and whether there are more."""
    links: list[Placed] = []
    addresses: list[tuple[str, int, int]] = []
    some, many = _first(spotted(data), MOST_LINKS)
    for one in some:
        start, end = int(places[one.start]), int(places[one.end])
        said = data[one.start : one.end].decode()
        if len(said) > MOST_LETTERS and not one.is_address:
            said, many = said[:MOST_LETTERS], True  # host and prefixes stand at its beginning
        try:
            if one.is_address:
                addresses.append((email(said), start, end))
            else:
                links.append(Placed(Link.of(said), start, end))
        except (BadLink, BadName):
            continue  # it only looked like one
    return links, addresses, many


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _places(data: bytes) -> NDArray[np.int64]:
    """int64[N + 1]: for each byte of a UTF-8 text, and behind it, its place in code points."""
    begins = np.frombuffer(data, np.uint8) & 0xC0 != 0x80
    places = np.zeros(len(data) + 1, np.int64)
    np.cumsum(begins, out=places[1:])
    return places


def _first(some: Iterable[T], most: int) -> tuple[list[T], bool]:
    found: list[T] = []
    for each in some:
        if len(found) == most:
            return found, True
        found.append(each)
    return found, False

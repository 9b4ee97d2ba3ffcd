"""Look-ups in banks: of a hash, the hot path, answered from this host alone; or of a file."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from amparo.access.model import Actor
from amparo.app.serving import Serving
from amparo.core.errors import Invalid
from amparo.detect.hashing.model import LINKS, OWN, Algorithm
from amparo.detect.lists.model import ListKind
from amparo.detect.matching.host.asked import Asked, asked_of, asked_of_signal
from amparo.detect.matching.host.look_up import Listed
from amparo.detect.matching.host.sift import sifted, sifted_written
from amparo.detect.matching.host.written import Placed, asked_of_links
from amparo.detect.texts.links import BadLink, Link
from amparo.interfaces.calls.callers import MatchesReader, Open
from amparo.interfaces.hma.bank_names import banks_of
from amparo.interfaces.hma.hashing import Flag, Hashed, Url, Words, hash_of_form, hash_of_url
from amparo.interfaces.hma.route import KeyedCall
from amparo.interfaces.hma.signal_types import (
    NO_DISTANCE,
    SIGNAL_TYPES,
    algorithm_of,
    checked_signal,
)

router = APIRouter(route_class=KeyedCall, prefix="/m")

Banks = Annotated[str | None, Query(max_length=20_000)]
_Matches = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Chance:
    """Whether a bank with a ratio is in the answer: by the seed, always the same."""

    seed: str | None
    bypass: bool

    def lets_in(self) -> float:
        """The least ratio of a bank that is in the answer."""
        return 0.0 if self.bypass else random.Random(self.seed).random()  # noqa: S311 (as HMA)


@dataclass(frozen=True, slots=True, repr=False)
class _Found:
    """A content that matched, by the nearest of its signals."""

    bank: str
    ratio: float
    content_id: int
    distance: str

    def told(self) -> dict[str, Any]:
        return {"bank_content_id": self.content_id, "distance": self.distance}


@router.get("/raw_lookup")
async def raw_look_up(
    serving: Open,
    actor: MatchesReader,
    signal: Annotated[str, Query(max_length=1_000_000)],
    signal_type: Annotated[str, Query(max_length=100)],
    banks: Banks = None,
    include_distance: Flag = False,
) -> JSONResponse:
    """The contents near a hash, whatever share of look-ups their banks count for."""
    found = _find_one(serving, actor, signal_type, signal, banks)
    if include_distance:
        return JSONResponse({"matches": [each.told() for each in found]})
    return JSONResponse({"matches": [each.content_id for each in found]})


@router.get("/lookup")
async def look_up(
    serving: Open,
    actor: MatchesReader,
    signal: Annotated[str | None, Query(max_length=1_000_000)] = None,
    signal_type: Annotated[str | None, Query(max_length=100)] = None,
    url: Url = None,
    content_type: Words = None,
    types: Words = None,
    banks: Banks = None,
    seed: Words = None,
    bypass_coinflip: Flag = False,
) -> JSONResponse:
    """The contents near a hash or what is at a URL, by bank."""
    chance = _Chance(seed, bypass_coinflip)
    if url:
        hashed = await run_in_threadpool(hash_of_url, serving, url, content_type, types)
        answer = _of_file(serving, actor, hashed, banks, chance)
        return JSONResponse(answer if signal_type is None else answer.get(signal_type, {}))
    if not signal or not signal_type:
        raise Invalid("Either url or both signal and signal_type are required")
    found = _find_one(serving, actor, signal_type, signal, banks)
    return JSONResponse(_by_bank(found, chance))


@router.post("/lookup")
async def look_file_up(
    request: Request,
    serving: Open,
    actor: MatchesReader,
    types: Words = None,
    banks: Banks = None,
    seed: Words = None,
    bypass_coinflip: Flag = False,
) -> JSONResponse:
    """The contents like a file, whose field name is its content type, by signal type and bank."""
    with request.app.state.bodies.room() as room:
        hashed, _ = await hash_of_form(request, serving, types, room)
    chance = _Chance(seed, bypass_coinflip)
    return JSONResponse(_of_file(serving, actor, hashed, banks, chance))


def _of_file(
    serving: Serving, actor: Actor, hashed: Hashed, banks: str | None, chance: _Chance
) -> dict[str, dict[str, _Matches]]:
    """By signal type. A picture is also found turned, mirrored or without its borders.

    All that Amparo hashes by itself is looked up: a negative list's digest takes out near matches.
    """
    asked = [each for each in asked_of(hashed.hashes) if each.algorithm in OWN]
    names = tuple(hashed.signals)
    found = _find(serving, actor, asked, banks, [SIGNAL_TYPES[name] for name in names])
    return {name: _by_bank(found[SIGNAL_TYPES[name]], chance) for name in names}


def _find_one(
    serving: Serving, actor: Actor, signal_type: str, signal: str, banks: str | None
) -> list[_Found]:
    """What is near a hash that a client has sent."""
    wanted = algorithm_of(signal_type)
    if wanted == Algorithm.URL:
        asked = _asked_of_link(serving, actor, signal)
    else:
        asked = asked_of_signal(checked_signal(signal_type, signal))
    return _find(serving, actor, asked, banks, [wanted])[wanted]


def _asked_of_link(serving: Serving, actor: Actor, said: str) -> list[Asked]:
    """A link, and the prefixes and hosts that it lies below. Raises Invalid."""
    try:
        link = Link.of(said)
    except BadLink as error:
        raise Invalid(f"invalid signal: it {error.message}.") from error
    return asked_of_links([Placed(link)], serving.index, actor.organisation_id)


def _find(
    serving: Serving,
    actor: Actor,
    asked: Sequence[Asked],
    banks: str | None,
    wanted: Sequence[Algorithm],
) -> dict[Algorithm, list[_Found]]:
    """By each of the wanted kinds of hash, each content once, the nearest first.

    What a negative list holds is answered only where it is named as a bank: HMA's clients take
    every match for one of harmful content.
    """
    serving.metrics.looked_up(len(asked) or 1)
    found = serving.index.find(asked, actor.organisation_id, serving.clock.now())
    matched = any(_kind(each, asked) in wanted for each in found)
    serving.look_ups.count(actor, asked=1, matched=int(matched))
    if not matched:
        return {each: [] for each in wanted}
    named = None if not banks else set(banks.split(","))
    shown = {
        each.number: name
        for name, each in banks_of(serving.index.lists(actor.organisation_id).values()).items()
        if (each.kind is not ListKind.NEGATIVE if named is None else name in named)
    }
    contents: dict[Algorithm, dict[int, _Found]] = {each: {} for each in wanted}
    sift = sifted_written if wanted == [Algorithm.URL] else sifted
    for each in sift(found, asked).counted:
        by, bank = _kind(each, asked), shown.get(each.known_list.number)
        if bank is not None and by in contents:
            contents[by].setdefault(each.signal.content_id, _found(each, bank))
    return {by: list(each.values()) for by, each in contents.items()}


def _kind(one: Listed, asked: Sequence[Asked]) -> Algorithm:
    """By which kind of hash it was found; a listed video by its own, whatever is of links alike."""
    by = asked[one.asked].algorithm if one.film is None else one.signal.signal.algorithm
    return Algorithm.URL if by in LINKS else by


def _found(one: Listed, bank: str) -> _Found:
    if (film := one.film) is not None:
        distance = f"{film.query_percent:.0f}%[{film.listed_percent:.0f}%]"
        return _Found(bank, one.known_list.enabled_share, one.signal.content_id, distance)
    near = one.signal.signal.algorithm == Algorithm.PDQ
    distance = str(one.distance_bits) if near else NO_DISTANCE
    return _Found(bank, one.known_list.enabled_share, one.signal.content_id, distance)


def _by_bank(found: Sequence[_Found], chance: _Chance) -> dict[str, _Matches]:
    least = chance.lets_in()
    by_bank: dict[str, _Matches] = {}
    for each in found:
        if each.ratio >= least:
            by_bank.setdefault(each.bank, []).append(each.told())
    return by_bank

"""A list elsewhere is asked of an upload once its contract is confirmed; hits become matches."""

import hashlib
from dataclasses import dataclass, replace

from amparo.access.contracts import SHIELD, Contracts
from amparo.access.installation import is_drill
from amparo.core.ids import OrganisationId
from amparo.db import Database
from amparo.detect.deciding import MatchFacts
from amparo.detect.hashing.model import MediaHashes
from amparo.detect.lists.model import ListKind, Subject
from amparo.detect.matching.host.asked import asked_of
from amparo.detect.matching.host.sift import Found
from amparo.detect.matching.match import ORIGINAL
from amparo.detect.scoring.guarded import Absent, Begun, Guarded, Why
from amparo.detect.scoring.remote_list import Hit, RemoteList

_ABOVE_ALL = 2**62

UNKNOWN_DISTANCE = 256
"""The farthest that there is: the list tells no distance, and no policy shall take it for near."""


@dataclass(frozen=True, slots=True)
class ElsewhereList:
    """The list, and the record of its contract."""

    listed: RemoteList
    database: Database

    @property
    def guarded(self) -> Guarded[tuple[Hit, ...]]:
        """Its time, budget and breaker."""
        return self.listed.guarded

    def begin(
        self, data: bytes, hashes: MediaHashes, organisation: OrganisationId, until: float
    ) -> Begun[tuple[Hit, ...]] | Absent | None:
        """Have it asked; where the contract does not cover what would be sent, nothing is."""
        if not self._is_confirmed(organisation):
            return Absent(Why.UNCONFIRMED)
        return self.listed.begin(data, hashes, until)

    def asks_about_all(self, hashes: MediaHashes) -> bool:
        """Whether one call takes all that it would be told of a file."""
        return self.listed.asks_about_all(hashes)

    def _is_confirmed(self, organisation: OrganisationId) -> bool:
        with self.database.glancing() as work:
            contract = Contracts(work).standing(organisation, SHIELD)
            confirmed = contract is not None and contract.covers == self.listed.sends
            return confirmed and not is_drill(work)  # a drill tells nobody


def is_settled(found: Found) -> bool:
    """Whether a confirmed list about children counts: no list elsewhere could make more of it."""
    return any(
        one.known_list.kind is ListKind.CONFIRMED and one.known_list.subject is Subject.CHILD
        for one in found.counted
    )


def without_spared(hashes: MediaHashes, found: Found) -> MediaHashes:
    """All but the pictures that a negative list here takes the consequences of likeness from.

    A list elsewhere is not asked by a hash about what people here have found to be harmless. The
    digests stay: they are never suppressed.
    """
    negative = [one for one in found.counted if one.known_list.kind is ListKind.NEGATIVE]
    if not negative:
        return hashes
    asked = asked_of(hashes)
    if any(asked[one.asked].algorithm.is_exact for one in negative):
        return replace(hashes, pictures=())
    frames = {asked[one.asked].frame for one in negative}
    kept = tuple(each for each in hashes.pictures if each.frame not in frames)
    return replace(hashes, pictures=kept)


def signal_number(organisation: OrganisationId) -> int:
    """What all signals of the list are counted as, so that the flood guard watches them together.

    Which of them matched is not told. One number an organisation, above all that lists here give.
    """
    digest = hashlib.sha256(RemoteList.name.encode() + organisation.bytes).digest()
    return _ABOVE_ALL | int.from_bytes(digest[:7])


def match_of(hit: Hit, organisation: OrganisationId) -> MatchFacts:
    """A hit as policies see it; of its signal nothing is known but the list's word."""
    return MatchFacts(
        list=RemoteList.name,
        list_kind=hit.list_kind,
        subject=Subject.CHILD.value,
        signal=str(signal_number(organisation)),
        algorithm=hit.algorithm,
        exact=hit.exact,
        distance=0 if hit.exact else UNKNOWN_DISTANCE,
        quality=hit.quality,
        variant=ORIGINAL,
        revision=0,
        frame=hit.frame,
        source=RemoteList.name,
        classification=hit.classification,
        remote=True,
    )

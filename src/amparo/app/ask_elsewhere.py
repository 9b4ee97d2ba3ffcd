"""A list elsewhere is asked of an upload once its contract is confirmed; hits become matches."""

from dataclasses import dataclass

from amparo.access.contracts import SHIELD, Contracts
from amparo.core.ids import OrganisationId
from amparo.db import Database
from amparo.detect.deciding import MatchFacts
from amparo.detect.hashing.model import MediaHashes
from amparo.detect.lists.model import Subject
from amparo.detect.matching.match import ORIGINAL
from amparo.detect.media.sandbox import Answer
from amparo.detect.scoring.guarded import Absent, Guarded, Why
from amparo.detect.scoring.remote_list import Hit, RemoteList

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
    ) -> Answer[tuple[Hit, ...]] | Absent | None:
        """Have it asked; where the contract does not cover what would be sent, nothing is."""
        if not self._is_confirmed(organisation):
            return Absent(Why.UNCONFIRMED)
        return self.listed.begin(data, hashes, until)

    def _is_confirmed(self, organisation: OrganisationId) -> bool:
        with self.database.glancing() as work:
            contract = Contracts(work).standing(organisation, SHIELD)
        return contract is not None and contract.covers == self.listed.sends


def match_of(hit: Hit) -> MatchFacts:
    """A hit as policies see it; of its signal nothing is known but the list's word."""
    return MatchFacts(
        list=RemoteList.name,
        list_kind=hit.list_kind,
        subject=Subject.CHILD.value,
        signal="",
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

"""A list elsewhere as it is asked of an upload: by its hashes, or the file where that is agreed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from amparo.core.settings import Settings
from amparo.detect.hashing.model import USABLE_QUALITY, MediaHashes, PictureHash
from amparo.detect.media.sandbox.threads import Threads
from amparo.detect.scoring.asked import AT_ONCE
from amparo.detect.scoring.breaker import Breaker
from amparo.detect.scoring.budget import Budget
from amparo.detect.scoring.guarded import Absent, Begun, Guarded
from amparo.detect.scoring.scorer import Silent, UnknownWord
from amparo.detect.scoring.shield import CSAM, MOST_HASHES, NAME, Said, Shield, shield

SUSPECT = "suspect"
_SENT_AS_FILE = ("image/", "video/")


@dataclass(frozen=True, slots=True, repr=False)
class Hit:
    """That a list elsewhere knows a file, or a frame of it.

    `exact` where the bytes are the same, by its word and by a digest of ours that it said back.
    """

    list_kind: str
    classification: str
    algorithm: str
    exact: bool
    quality: int = 100
    frame: int = 0


class RemoteList:
    """Project Arachnid Shield, asked from any number of threads.

    `sends` is what it is told: `pdq`, hashes of pictures, or `media`, the file. `kind` is what an
    exact match with `csam` counts as; all else is suspect.
    """

    name = NAME

    def __init__(self, shield: Shield, budget: Budget, *, sends: str, kind: str) -> None:
        self.guarded: Guarded[tuple[Hit, ...]] = Guarded(NAME, Breaker(), budget)
        self.sends = sends
        self._shield = shield
        self._kind = kind
        self._threads = Threads(AT_ONCE)
        self._threads.start()

    def close(self) -> None:
        """Ask nothing more."""
        self._threads.close()

    def begin(
        self, data: bytes, hashes: MediaHashes, until: float
    ) -> Begun[tuple[Hit, ...]] | Absent | None:
        """Have it asked before `until`; None where there is nothing to ask about."""
        pictures = [each for each in hashes.pictures if each.quality >= USABLE_QUALITY]
        whole = self.sends == "media"
        if not (hashes.kind.value.startswith(_SENT_AS_FILE) if whole else pictures):
            return None

        def ask() -> tuple[Hit, ...]:
            if time.monotonic() > until:
                raise TimeoutError
            return self._of_file(data, hashes) if whole else self._of_pictures(pictures)

        return self.guarded.begin(lambda: self._threads.submit(ask))

    def asks_about_all(self, hashes: MediaHashes) -> bool:
        """Whether one call takes all that it would be told of a file."""
        return self.sends == "media" or len(_distinct(hashes.pictures)) <= MOST_HASHES

    def _of_file(self, data: bytes, hashes: MediaHashes) -> tuple[Hit, ...]:
        said = self._shield.media(data, hashes.kind.value, sha256=hashes.digests.sha256)
        if not said.is_hit:
            _require_clear([said])
            return ()
        algorithm = "sha1" if said.exact else "shield"
        return (Hit(self._kind_of(said), said.classification, algorithm, said.exact),)

    def _of_pictures(self, pictures: Sequence[PictureHash]) -> tuple[Hit, ...]:
        """A PDQ hash that is the same is still not the same bytes."""
        asked = _spread(_distinct(pictures))
        said = self._shield.pdq([each.value for each in asked])
        hits = tuple(
            Hit(
                self._kind_of(one),
                one.classification,
                "pdq",
                exact=False,
                quality=each.quality,
                frame=each.frame,
            )
            for each in asked
            if (one := said.get(each.value)) is not None and one.is_hit
        )
        if not hits:
            _require_clear(list(said.values()))
            if len(said) < len(asked):
                raise Silent
        return hits

    def _kind_of(self, said: Said) -> str:
        return self._kind if said.exact and said.classification == CSAM else SUSPECT


def _distinct(pictures: Sequence[PictureHash]) -> list[PictureHash]:
    """Those that are worth asking about, the first of each hash."""
    first: dict[bytes, PictureHash] = {}
    for each in pictures:
        if each.quality >= USABLE_QUALITY:
            first.setdefault(each.value, each)
    return list(first.values())


def _spread(pictures: Sequence[PictureHash]) -> list[PictureHash]:
    """As many as one call takes, from all over the file."""
    many = min(len(pictures), MOST_HASHES)
    return [pictures[number * len(pictures) // many] for number in range(many)]


def _require_clear(said: Sequence[Said]) -> None:
    """Raises UnknownWord where one says neither that it knows the file nor that it does not."""
    for each in said:
        if not each.is_clear:
            raise UnknownWord(each.classification)


def remote_list(settings: Settings) -> RemoteList | None:
    """As the settings name it; None where they name none. Raises Invalid."""
    if not settings.shield_user:
        return None
    budget = Budget(settings.score_per_minute, settings.score_per_day)
    return RemoteList(
        shield(settings), budget, sends=settings.shield_sends, kind=settings.shield_kind
    )

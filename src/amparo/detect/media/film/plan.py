"""Which frames of a video are hashed, and what must be decoded to get them, from times alone.

vPDQ takes every n-th frame, n being the whole frames a second. Of a video whose frames come at
uneven times this would leave gaps; there, frames a second apart are taken besides.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

LONGEST_GAP_S = 1.5
"""Two frames that are hashed lie farther apart only where there is none between them."""


@dataclass(frozen=True, slots=True, eq=False)
class Packets:
    """The packets of one stream in the order in which they are decoded.

    `pts` int64[N] says when each is shown, `is_key` bool[N] which can be decoded without others,
    `is_shown` bool[N] which are not there for others alone.
    """

    pts: NDArray[np.int64]
    is_key: NDArray[np.bool_]
    is_shown: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A frame that is hashed: its number and second in the video, and its packet."""

    number: int
    seconds: float
    packet: int
    pts: int


@dataclass(frozen=True, slots=True)
class Run:
    """Packets from `first` to `last`, both decoded, without which `wanted` cannot be had."""

    first: int
    last: int
    wanted: tuple[Wanted, ...]


_A_LITTLE_MORE = 1.05
_WITHOUT_GAP_S = 1.25
"""Where frames are counted, those farther apart are hashed whatever their number."""


@dataclass(frozen=True, slots=True)
class Counting:
    """How frames are chosen where packets do not tell when each is shown.

    Every `step`-th, and others where that leaves a gap of `gap_s`. Where there would be more than
    `most`, all of them lie farther apart. None after `longest_s`.
    """

    frames_a_second: float
    step: int
    gap_s: float
    most: int
    longest_s: float

    @classmethod
    def of(
        cls, frames: int, seconds: float, frames_a_second: float, *, most: int, longest_s: float
    ) -> Self:
        """Of so many frames that are shown for so many seconds, as far as that is known."""
        usual = cls(frames_a_second, step_of(frames_a_second), _WITHOUT_GAP_S, most, longest_s)
        within_s = min(seconds, longest_s)
        within = frames * within_s / max(seconds, 1e-9)
        if within / usual.step + within_s / _WITHOUT_GAP_S <= most:
            return usual
        return cls(
            frames_a_second,
            max(usual.step, math.ceil(within / most)),
            max(_WITHOUT_GAP_S, _A_LITTLE_MORE * within_s / most),
            most,
            longest_s,
        )

    def takes(self, number: int, since_s: float) -> bool:
        """Whether a frame is hashed, so long after the one before that was."""
        return number % self.step == 0 or since_s >= self.gap_s

    def may_follow(self, seconds: float) -> bool:
        """Whether a frame can be shown so long after another: some times go astray."""
        return 0 <= seconds <= self.longest_s

    def at_most(self, frames: int, seconds: float) -> int:
        """How many frames may come to be hashed."""
        gaps = int(min(seconds, self.longest_s) / self.gap_s)
        return min(self.most, frames, -(-frames // self.step) + gaps)


def step_of(frames_a_second: float) -> int:
    """Every so-manieth frame is hashed."""
    return max(1, int(frames_a_second))


def chosen(seconds: NDArray[np.float64], step: int, most: int) -> NDArray[np.int64]:
    """int64[W]: which frames are hashed, of frames that are shown at `seconds` float64[N].

    Never more than `most`: where there would be more, they lie farther apart.
    """
    if not len(seconds):
        return np.empty(0, np.int64)
    regular = np.arange(0, len(seconds), step)
    wanted = np.union1d(regular, _within_gaps(seconds, regular))
    if len(wanted) > most:
        wanted = wanted[np.arange(most) * len(wanted) // most]
    return wanted.astype(np.int64)


def _within_gaps(seconds: NDArray[np.float64], regular: NDArray[np.int64]) -> NDArray[np.int64]:
    """Frames a second apart where those that are regular are not."""
    ends = np.append(regular[1:], len(seconds) - 1)
    gaps = np.flatnonzero(seconds[ends] - seconds[regular] > LONGEST_GAP_S)
    found: list[int] = []
    for first, end in zip(regular[gaps].tolist(), ends[gaps].tolist(), strict=True):
        at = first
        while True:
            at = max(at + 1, int(np.searchsorted(seconds, seconds[at] + 1.0)))
            if at >= end:
                break
            found.append(at)
    return np.array(found, np.int64)


def wanted_frames(
    packets: Packets, *, seconds_a_tick: float, step: int, most: int, longest_s: float
) -> tuple[list[Wanted], float]:
    """The frames that are hashed in the order in which they are shown, and how long all take.

    What is shown after `longest_s` is not hashed.
    """
    places = np.flatnonzero(packets.is_shown)
    order = places[np.argsort(packets.pts[places], kind="stable")]
    shown = packets.pts[order]
    seconds = (shown - shown[0]) * seconds_a_tick
    numbers = chosen(seconds[: int(np.searchsorted(seconds, longest_s, "right"))], step, most)
    wanted = [
        Wanted(number, float(seconds[number]), int(order[number]), int(shown[number]))
        for number in numbers.tolist()
    ]
    return wanted, float(seconds[-1])


def runs(packets: Packets, wanted: list[Wanted]) -> Iterator[Run]:
    """What is to be decoded, run after run; none where nothing wanted needs it."""
    keys = np.flatnonzero(packets.is_key)
    first, last, gathered = 0, -1, list[Wanted]()
    for each in sorted(wanted, key=lambda one: one.packet):
        begin = _begin(packets, keys, each)
        if gathered and begin > last:
            yield Run(first, last, tuple(gathered))
            gathered = []
        if not gathered:
            first = begin
        gathered.append(each)
        last = each.packet
    if gathered:
        yield Run(first, last, tuple(gathered))


def _begin(packets: Packets, keys: NDArray[np.int64], wanted: Wanted) -> int:
    """The key frame that decoding must begin with.

    One that is shown later is no help: pictures before it may need what comes before it, too.
    """
    place = int(np.searchsorted(keys, wanted.packet, side="right")) - 1
    while place >= 0:
        if packets.pts[keys[place]] <= wanted.pts:
            return int(keys[place])
        place -= 1
    return 0

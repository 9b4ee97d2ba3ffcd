"""Figures of a benchmark, and how times are taken so that they can be compared."""

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured claim.

    `ratio` is the peer's figure over ours, or with `at_most` ours over the peer's. Where several
    things were measured, `ours` and `peer` are medians, and `ratio` is the median of the ratios.
    """

    name: str
    unit: str
    ours: float
    peer: float
    peer_name: str
    ratio: float
    target: float | None = None
    at_most: bool = False

    @classmethod
    def of(
        cls,
        name: str,
        unit: str,
        ours: Sequence[float],
        peer: Sequence[float],
        peer_name: str,
        *,
        target: float | None = None,
        at_most: bool = False,
    ) -> Self:
        """The figure over things that were measured one by one."""
        pairs = zip(ours, peer, strict=True)
        ratio = median(mine / theirs if at_most else theirs / mine for mine, theirs in pairs)
        return cls(name, unit, median(ours), median(peer), peer_name, ratio, target, at_most)

    @classmethod
    def rate(
        cls, name: str, ours: float, peer: float, peer_name: str, target: float | None = None
    ) -> Self:
        """How many a second: here more is better."""
        return cls(name, "/s", ours, peer, peer_name, ours / peer, target)

    @classmethod
    def rates(
        cls,
        name: str,
        ours: Sequence[float],
        peer: Sequence[float],
        peer_name: str,
        target: float | None = None,
    ) -> Self:
        """The same, measured in several rounds."""
        ratio = median(mine / theirs for mine, theirs in zip(ours, peer, strict=True))
        return cls(name, "/s", median(ours), median(peer), peer_name, ratio, target)

    @property
    def sign(self) -> str:
        """How ratio and target are compared."""
        return "≤" if self.at_most else "≥"

    @property
    def reached(self) -> bool | None:
        """Whether the target was reached, None where there is none."""
        if self.target is None:
            return None
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target

    def as_json(self) -> dict[str, object]:
        """The figure as it stands in a benchmark's last line."""
        return {
            "name": self.name,
            "unit": self.unit,
            "ours": round(self.ours, 4),
            "peer": round(self.peer, 4),
            "peer_name": self.peer_name,
            "ratio": round(self.ratio, 3),
            "target": self.target,
            "reached": self.reached,
        }


def medians_ms(
    contestants: Mapping[str, Callable[[], object]],
    rounds: int,
    *,
    unmeasured: int = 1,
    measured: int = 1,
) -> dict[str, float]:
    """Median milliseconds of each contestant over `rounds`, in which they take turns.

    In its turn each runs `unmeasured` + `measured` times, and the last of them count: a program
    that hashes does so again and again, and its memory is not what a competitor has just emptied
    from the caches.
    """
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            for _ in range(unmeasured):
                run()
            for _ in range(measured):
                began = time.perf_counter()
                run()
                times[name].append((time.perf_counter() - began) * 1000)
    return {name: median(each) for name, each in times.items()}


def machine() -> str:
    """The processor by its own name, and how many of them there are."""
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{model} × {len(os.sched_getaffinity(0))}, Python {platform.python_version()}"

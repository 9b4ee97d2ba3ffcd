"""Figures of a benchmark, and how times are taken so that they can be compared."""

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured claim; `ratio` is the peer's figure over ours, or ours over the peer's limit."""

    name: str
    unit: str
    ours: float
    peer: float
    peer_name: str
    target: float | None = None
    at_most: bool = False

    @property
    def ratio(self) -> float:
        """How many times as fast as the peer; with `at_most`, how many times as long."""
        return self.ours / self.peer if self.at_most else self.peer / self.ours

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


def medians_ms(contestants: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of each contestant over `rounds`, after one that is not counted.

    They take turns, and each round begins with another one: whoever follows the one with the
    largest working set finds the caches emptied, so that place must go round.
    """
    names = list(contestants)
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            began = time.perf_counter()
            contestants[name]()
            if turn:
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

"""What a serving process counts about itself, for Prometheus; nothing of any upload or signal."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder in which several processes of a host count together."""


class Metrics:
    """The counters of one process, or of all on this host that count together."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._told = self._registry
        if os.environ.get(SHARED):
            self._told = CollectorRegistry()
            MultiProcessCollector(self._told)  # type: ignore[no-untyped-call]
        self._restarts_seen = 0
        self._changing = threading.Lock()
        self._decisions = Counter(
            "amparo_decisions", "Uploads decided.", ["action"], registry=self._registry
        )
        self._stages = Histogram(
            "amparo_stage_seconds", "How long a stage of a decision took.", ["stage"],
            buckets=_BUCKETS, registry=self._registry,
        )  # fmt: skip
        self._unanswered = Counter(
            "amparo_policy_rules_unanswered", "Conditions that could not be answered.",
            registry=self._registry,
        )  # fmt: skip
        self._restarts = Counter(
            "amparo_decoder_restarts", "Decoders that died or were ended.", registry=self._registry
        )
        self._looked_up = Counter(
            "amparo_looked_up_hashes", "Hashes looked up by callers.", registry=self._registry
        )

        self._scored = Counter(
            "amparo_scored", "Uploads scored.", ["scorer"], registry=self._registry
        )
        self._unscored = Counter(
            "amparo_scores_missing", "Uploads that a scorer said nothing of, by why.",
            ["scorer", "why"], registry=self._registry,
        )  # fmt: skip
        self._score_seconds = Histogram(
            "amparo_score_seconds", "How long a scorer took, its picture included.", ["scorer"],
            buckets=_BUCKETS, registry=self._registry,
        )  # fmt: skip

    def decided(self, action: str) -> None:
        """A decision is on record."""
        self._decisions.labels(action).inc()

    def unanswered(self, rules: int) -> None:
        """Conditions of the policy could not be answered for an upload."""
        self._unanswered.inc(rules)

    def looked_up(self, hashes: int) -> None:
        """Hashes were looked up."""
        self._looked_up.inc(hashes)

    def restarted(self, decoders: int) -> None:
        """So many decoders of this process have died or were ended until now."""
        with self._changing:
            self._restarts.inc(max(0, decoders - self._restarts_seen))
            self._restarts_seen = max(decoders, self._restarts_seen)

    def scored(self, scorer: str, seconds: float) -> None:
        """A scorer, or a list elsewhere, has said something of an upload."""
        self._scored.labels(scorer).inc()
        self._score_seconds.labels(scorer).observe(seconds)

    def unscored(self, scorer: str, why: str) -> None:
        """It said nothing."""
        self._unscored.labels(scorer, why).inc()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what is done within."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._stages.labels(name).observe(time.perf_counter() - began)

    def ask(self, others: Collector) -> None:
        """Tell what others know of themselves too, when somebody wants to know."""
        self._told.register(others)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._told)

"""What a serving process counts about itself, for Prometheus; nothing of any upload or signal."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.registry import Collector

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
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
        self._looked_up = Counter(
            "amparo_looked_up_hashes", "Hashes looked up by callers.", registry=self._registry
        )

    def decided(self, action: str) -> None:
        """A decision is on record."""
        self._decisions.labels(action).inc()

    def unanswered(self, rules: int) -> None:
        """Conditions of the policy could not be answered for an upload."""
        self._unanswered.inc(rules)

    def looked_up(self, hashes: int) -> None:
        """Hashes were looked up."""
        self._looked_up.inc(hashes)

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
        self._registry.register(others)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)

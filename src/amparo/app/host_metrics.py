"""What a host's index says of itself when Prometheus asks."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from amparo.app.readiness import readiness
from amparo.app.serving import Serving


class HostMetrics(Collector):
    """Asked anew each time."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    def collect(self) -> Iterable[Metric]:
        """Signals, readiness, and lag."""
        signals = GaugeMetricFamily(
            "amparo_index_signals", "Signals that are searched here.", labels=["algorithm"]
        )
        for kind, count in self._serving.index.counts().items():
            signals.add_metric([kind], count)
        yield signals
        state = readiness(self._serving)
        yield GaugeMetricFamily(
            "amparo_ready", "Whether requests may be sent here.", value=float(state.ready)
        )
        if state.lag is not None:
            yield GaugeMetricFamily(
                "amparo_index_lag_revisions", "Changes of lists that are not searched here yet.",
                value=state.lag,
            )  # fmt: skip

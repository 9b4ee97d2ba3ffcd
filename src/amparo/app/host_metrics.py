"""What a host's index, its disk and the audit trail's witnesses say when Prometheus asks."""

import shutil
from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from amparo.access.audit.hear import last_told
from amparo.access.audit.telling import standings
from amparo.access.audit.witness import newest_checkpoint
from amparo.access.witnessed.tables import WitnessedRow
from amparo.app.readiness import readiness
from amparo.app.serving import Serving
from amparo.core.errors import Unavailable


class HostMetrics(Collector):
    """Asked anew each time."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    def collect(self) -> Iterable[Metric]:
        """Signals, space, readiness, lag; and the audit trail, as far as the database answers."""
        signals = GaugeMetricFamily(
            "amparo_index_signals", "Signals that are searched here.", labels=["algorithm"]
        )
        for kind, count in self._serving.index.counts().items():
            signals.add_metric([kind], count)
        yield signals
        yield GaugeMetricFamily(
            "amparo_home_free_bytes", "Space that is left where AMPARO_HOME lies.",
            value=shutil.disk_usage(self._serving.settings.home).free,
        )  # fmt: skip
        state = readiness(self._serving)
        yield GaugeMetricFamily(
            "amparo_ready", "Whether requests may be sent here.", value=float(state.ready)
        )
        if state.lag is not None:
            yield GaugeMetricFamily(
                "amparo_index_lag_revisions", "Changes of lists that are not searched here yet.",
                value=state.lag,
            )  # fmt: skip
            yield from self._audit()

    def _audit(self) -> Iterable[Metric]:
        """How far the trail and its witnesses are, and what contradicts."""
        try:
            with self._serving.database.reading() as work:
                newest = newest_checkpoint(work)
                known = standings(work)
                contradicting = work.execute(
                    select(func.count()).where(WitnessedRow.contradiction.is_not(None))
                ).scalar_one()
        except Unavailable:
            return
        yield GaugeMetricFamily(
            "amparo_audit_position", "Entries of the audit trail that are signed.",
            value=0 if newest is None else newest.position,
        )  # fmt: skip
        told = GaugeMetricFamily(
            "amparo_audit_witness_position", "The last entry that a witness was told of.",
            labels=["witness"],
        )  # fmt: skip
        refused = GaugeMetricFamily(
            "amparo_audit_witness_refused", "Whether a witness knows of another trail.",
            labels=["witness"],
        )  # fmt: skip
        for each in known:
            told.add_metric([each.name], each.position)
            refused.add_metric([each.name], float(each.refused))
        file = self._serving.settings.audit_witness_file
        if file is not None:
            told.add_metric([str(file)], last_told(file))
        yield told
        yield refused
        yield GaugeMetricFamily(
            "amparo_witnessed_contradictions",
            "Checkpoints of others' trails that contradict what was told before.",
            value=contradicting,
        )

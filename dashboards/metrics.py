"""The service's figures in Prometheus' format, named as the field names theirs."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dashboards.active import active_alerts
from dashboards.health_page import store_health
from dashboards.sources import Service
from monitor.insight import rollup


class ServiceCollector(Collector):
    """Reads the service when it is scraped: nothing is counted twice."""

    def __init__(self, source: Service) -> None:
        self._source = source

    def collect(self) -> Iterator[Metric]:
        yield from self._ticks()
        yield from self._rules()
        yield from self._alerts()
        yield from self._readings()

    def _ticks(self) -> Iterator[Metric]:
        ticks = self._source.ticks
        yield CounterMetricFamily("laddvakt_evaluations", "Ticks since the start.", ticks.count)
        yield CounterMetricFamily(
            "laddvakt_evaluations_missed", "Slots passed over because a tick was late.", ticks.missed
        )
        if ticks.last_at is not None:
            name, told = "laddvakt_last_evaluation_timestamp_seconds", "Service time of the newest tick."
            yield GaugeMetricFamily(name, told, ticks.last_at.timestamp())
        if ticks.last_good_at is not None:
            name, told = (
                "laddvakt_last_good_evaluation_timestamp_seconds",
                "Service time of the newest good tick.",
            )
            yield GaugeMetricFamily(name, told, ticks.last_good_at.timestamp())
        if ticks.last_duration_s is not None:
            name, told = "laddvakt_last_evaluation_duration_seconds", "How long the newest tick took."
            yield GaugeMetricFamily(name, told, ticks.last_duration_s)
        failed = GaugeMetricFamily("laddvakt_last_evaluation_failed", "1 while the newest tick failed.")
        failed.add_metric([], bool(ticks.last_error))
        yield failed

    def _rules(self) -> Iterator[Metric]:
        runs = self._source.rules.runs
        matches = GaugeMetricFamily("laddvakt_rule_matches", "Subjects for which a rule is true.", labels=["rule"])
        unknown = GaugeMetricFamily("laddvakt_rule_unknown", "Subjects a rule cannot judge.", labels=["rule"])
        failed = GaugeMetricFamily("laddvakt_rule_failed", "1 while a rule's last evaluation failed.", labels=["rule"])
        for rule, run in sorted(runs.items()):
            matches.add_metric([rule], run.matches)
            unknown.add_metric([rule], run.unknown)
            failed.add_metric([rule], bool(run.error))
        yield from (matches, unknown, failed)
        mistakes = len(self._source.rules.in_force.problems)
        yield GaugeMetricFamily("laddvakt_config_problems", "Mistakes in files that were not taken.", mistakes)

    def _alerts(self) -> Iterator[Metric]:
        active = active_alerts(self._source)
        alerts = GaugeMetricFamily("laddvakt_alerts", "Active alerts.", labels=["state", "level"])
        for level, count in active.firing.items():
            alerts.add_metric(["firing", level], count)
        alerts.add_metric(["pending", ""], active.pending)
        yield alerts
        counts = self._source.outbox.counts(self._source.now())
        queue = GaugeMetricFamily("laddvakt_notifications", "Messages in the outbox by state.", labels=["state"])
        for state in ("waiting", "sent", "dead"):
            queue.add_metric([state], getattr(counts, state))
        yield queue
        age = counts.oldest_age.total_seconds() if counts.oldest_age else 0
        yield GaugeMetricFamily("laddvakt_notification_oldest_age_seconds", "Age of the oldest waiting message.", age)

    def _readings(self) -> Iterator[Metric]:
        intake, health = self._source.intake, store_health(self._source)
        yield CounterMetricFamily(
            "laddvakt_readings_stored", "Rows stored through the write endpoint.", intake.accepted
        )
        yield CounterMetricFamily("laddvakt_readings_rejected", "Lines the write endpoint rejected.", intake.rejected)
        yield GaugeMetricFamily("laddvakt_store_up", "1 while the readings store answers.", int(health.reachable))
        yield GaugeMetricFamily("laddvakt_store_size_bytes", "Size of the readings store.", health.size_bytes)
        if health.newest is not None:
            name, told = "laddvakt_newest_reading_timestamp_seconds", "Time of the newest reading."
            yield GaugeMetricFamily(name, told, health.newest.timestamp())
        picture = self._source.picture
        if picture is not None:
            connectors = GaugeMetricFamily("laddvakt_connectors", "Connectors by state.", labels=["state"])
            for standing, count in rollup.network(picture).counts.items():
                connectors.add_metric([standing], count)
            yield connectors

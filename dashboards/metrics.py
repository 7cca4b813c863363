"""The service's figures in Prometheus' format, named as the field names theirs (docs/metrics.md)."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from dashboards.active import active_alerts
from dashboards.health_page import store_health
from dashboards.sources import Service
from monitor import __version__
from monitor.authoring.doctor import free_bytes
from monitor.insight import rollup


def registry(source: Service) -> CollectorRegistry:
    """Everything that /metrics shows."""
    found = CollectorRegistry()
    # `describe` would ask the service for its figures while it may not have started yet.
    found._auto_describe = False  # noqa: SLF001
    found.register(ServiceCollector(source))
    ProcessCollector(registry=found)
    return found


class ServiceCollector(Collector):
    """Reads the service when it is scraped: nothing is counted twice."""

    def __init__(self, source: Service) -> None:
        self._source = source

    def collect(self) -> Iterator[Metric]:
        yield from self._ticks()
        yield from self._rules()
        yield from self._alerts()
        yield from self._readings()
        yield from self._machine()

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
        yield CounterMetricFamily("laddvakt_evaluation_failures", "Ticks in which anything failed.", ticks.failed)
        yield SummaryMetricFamily(
            "laddvakt_evaluation_duration_seconds", "How long ticks take.", ticks.count, ticks.total_s
        )
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
        duration = GaugeMetricFamily(
            "laddvakt_rule_last_duration_seconds", "Of the statement that a rule shares with others.", labels=["rule"]
        )
        at = GaugeMetricFamily(
            "laddvakt_rule_last_evaluation_timestamp_seconds",
            "Service time of a rule's last evaluation.",
            labels=["rule"],
        )
        for rule, run in sorted(runs.items()):
            duration.add_metric([rule], run.duration_s)
            at.add_metric([rule], run.at.timestamp())
            matches.add_metric([rule], run.matches)
            unknown.add_metric([rule], run.unknown)
            failed.add_metric([rule], bool(run.error))
        yield from (matches, unknown, failed, duration, at)
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
        arrived = CounterMetricFamily("laddvakt_notifications_sent", "Messages that arrived.", labels=["channel"])
        failed = CounterMetricFamily(
            "laddvakt_notification_failures", "Attempts to send a message that failed.", labels=["channel"]
        )
        for worker in self._source.workers:
            arrived.add_metric([worker.channel], worker.sent)
            failed.add_metric([worker.channel], worker.failures)
        yield from (arrived, failed)
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
        yield GaugeMetricFamily("laddvakt_store_late_rows", "Late rows that wait to be merged.", health.late_rows)
        if (flow := self._source.flow) is not None:
            yield GaugeMetricFamily(
                "laddvakt_readings_last_minute", "Rows whose time is in the last minute.", flow.rows_1m
            )
        picture = self._source.picture
        if picture is not None:
            strange = len(picture.unregistered)
            yield GaugeMetricFamily("laddvakt_connectors_unregistered", "Not in sites.yaml, but heard of.", strange)
            connectors = GaugeMetricFamily("laddvakt_connectors", "Connectors by state.", labels=["state"])
            for standing, count in rollup.network(picture).counts.items():
                connectors.add_metric([standing], count)
            yield connectors

    def _machine(self) -> Iterator[Metric]:
        free = free_bytes(self._source.settings.paths.var)
        yield GaugeMetricFamily("laddvakt_disk_free_bytes", "Room on the disk of paths.var.", free)
        build = GaugeMetricFamily("laddvakt_build_info", "1; the version is in the label.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build

"""The service: wires the parts together, runs the ticks, and is the only module that reads a clock."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import pyarrow as pa
import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from monitor.access.key import web_key
from monitor.access.links import Links
from monitor.alerts.model import AlertEvent
from monitor.authoring import in_force
from monitor.authoring.comparing import Comparisons
from monitor.authoring.in_force import InForce
from monitor.authoring.last_good import LastGood
from monitor.authoring.why import rule_of, why, why_of_source
from monitor.clock import Clock
from monitor.config import Settings
from monitor.errors import LaddvaktError, StoreUnavailable
from monitor.ids import Place
from monitor.ingest.identity import identities
from monitor.ingest.intake import Intake
from monitor.insight import rollup
from monitor.insight.picture import Picture
from monitor.notify.channels import channels
from monitor.notify.curve import Samples, samples_of
from monitor.notify.heartbeat import Heartbeat
from monitor.notify.worker import OutboxWorker
from monitor.readings.opening import open_store
from monitor.readings.snapshot import Scratch
from monitor.readings.store import ReadingStore
from monitor.register import Register
from monitor.rules.answer import Evaluation, Flow
from monitor.rules.evaluate import Active, Facts, evaluate, evaluate_sources, waiting
from monitor.rules.frame import HISTORY
from monitor.rules.model import resting_on_usual_power
from monitor.rules.sources import sources_table
from monitor.sessions.billing import price_so_far
from monitor.sessions.for_rules import sessions_table
from monitor.sessions.model import Session
from monitor.state.alerts import AlertStore
from monitor.state.database import Database
from monitor.state.exclusions import ExclusionStore
from monitor.state.insight import InsightStore
from monitor.state.keeping import Keeping
from monitor.state.outbox import Outbox
from monitor.state.owner import service_id
from monitor.state.remarks import RemarkStore
from monitor.state.reports import Reports
from monitor.state.responses import ResponseStore
from monitor.state.review_queue import ReviewStore
from monitor.state.rollups import Rollups
from monitor.state.session_tick import SessionTick
from monitor.state.sessions import SessionStore
from monitor.state.spells import Spells
from monitor.state.tariffs import TariffStore
from monitor.state.tick import record_tick
from monitor.state.tokens import TokenStore
from monitor.state.trend import KeyFigures, Trend
from monitor.state.users import UserStore
from monitor.tariffs.files import TariffBook
from monitor.ticks import Tick, TickStats
from monitor.units import EPOCH

log = structlog.get_logger()

_CURVE_ROWS = 3000
"""Of a curve in a mail, which is 770 pixels wide."""

_EVENTS_LOGGED = 100
"""In one tick."""

REPORTS_EVERY = timedelta(minutes=10)
"""Between two looks for monthly reports that are due."""

ROLL_UP_SECONDS = 10
"""Between two looks for sessions that are new or changed: imported ones show within 30 s."""

_FIRST_KEEPING = timedelta(minutes=5)
"""After the start, because a machine may be off at midnight every night."""


class RealClock:
    """The machine's own clock."""

    speed = 1.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def real_time_of(self, moment: datetime) -> datetime:
        return moment


class SlotTrigger(BaseTrigger):  # type: ignore[misc]  # apscheduler has no types
    """Fires when the service's clock reaches the next multiple of `interval`, whatever speed it runs at."""

    def __init__(self, clock: Clock, interval: timedelta) -> None:
        self._clock = clock
        self._interval = interval

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:  # noqa: ARG002
        due = self._clock.real_time_of(slot_of(self._clock.now(), self._interval) + self._interval)
        return max(due, now + timedelta(milliseconds=1))


def slot_of(moment: datetime, interval: timedelta) -> datetime:
    """The latest multiple of `interval` since the epoch that is not after `moment`."""
    return EPOCH + (moment - EPOCH) // interval * interval


@dataclass(frozen=True)
class RuleRun:
    """What one rule's last evaluation gave."""

    at: datetime
    matches: int
    unknown: int
    error: str = ""
    duration_s: float = 0.0
    """Of the statement that it shares with the rules on the same kind of subject."""


@dataclass(frozen=True)
class RulesState:
    """The files in force with what is wrong in newer ones, and each rule's last run."""

    in_force: InForce
    runs: Mapping[str, RuleRun] = field(default_factory=dict)


class Service:
    """The running service. `start()` begins to tick, `stop()` finishes the tick and the mails under way.

    Pages read its attributes; each is replaced whole at the end of a tick, so a reader never sees half of one.
    """

    def __init__(
        self, settings: Settings, clock: Clock, *, demo: bool = False, store: ReadingStore | None = None
    ) -> None:
        """`store`: another than the settings name; the service closes it when it stops."""
        self.settings = settings
        self.demo = demo
        self._clock = clock
        self.database = Database(settings.state_url)
        self.database.migrate()
        self.store = store or open_store(settings, self.now())
        users = identities(settings.privacy, settings.paths.var)
        self.intake = Intake(self.store, self.now, users, lambda: self.register)
        self.alerts = AlertStore(self.database)
        self.sessions = SessionStore(self.database)
        self.reviews = ReviewStore(self.database)
        self.outbox = Outbox(self.database, service_id(settings.paths.var))
        self.users, self.tokens = UserStore(self.database), TokenStore(self.database)
        self.responses, self.remarks = ResponseStore(self.database), RemarkStore(self.database)
        self.key = web_key(settings.web, settings.paths.var)
        ways = channels(settings, lambda: self.rules.in_force.routes, Links(self.key), self._samples)
        self.comparisons = Comparisons(settings.state_url, self.now)
        self._heartbeat = Heartbeat(settings.notify.heartbeat_url)
        self.workers = [OutboxWorker(self.outbox, way, self.now) for way in ways]
        self._last_good = LastGood(settings.paths.var / "last-good")
        self.rules = RulesState(in_force.load(settings, kept=self._last_good))
        self.store.register(list(self.register.connectors))
        self._scratch = Scratch()
        self.picture: Picture | None = None
        self.flow: Flow | None = None
        self._parts: tuple[datetime, pa.Table] | None = None
        self.ticks = TickStats()
        self._session_tick = SessionTick(
            self.store,
            self.sessions,
            settings.sessions,
            self.register,
            TariffStore(self.database),
            kept=settings.paths.var / "sessions.kept",
        )
        self._session_tables = sessions_table(()), HISTORY.empty_table()
        self._unbilled_since: datetime | None = None
        self._last_slot: datetime | None = None
        self._tried = False
        self._rollups, self._spells = Rollups(self.database), Spells(self.database, self.store)
        self.insight, self.exclusions = InsightStore(self.database), ExclusionStore(self.database)
        self.trend = Trend(self.database)
        self._reports = Reports(self.database, self.insight, self.outbox)
        self._keeping = Keeping(self.store, self.sessions, settings.retention)
        self._scheduler = BackgroundScheduler(timezone=UTC)

    def now(self) -> datetime:
        """The service's present, aware UTC."""
        return self._clock.now()

    @property
    def speed(self) -> float:
        """How many of the service's seconds pass in a real one: 1 but in a demo that catches up."""
        return self._clock.speed

    @property
    def register(self) -> Register:
        """The register in force."""
        return self.rules.in_force.register

    @property
    def tariffs(self) -> TariffBook:
        """The tariffs in force, with the versions that they had."""
        return self._session_tick.versioned(self.rules.in_force.tariffs)

    def session(self, session_id: str) -> Session | None:
        """One session whole, with the price so far while it is under way; None when there is none of this id."""
        return self._session_tick.session(session_id, self.tariffs)

    def session_at(self, place: Place) -> Session | None:
        """The session under way at a connector, with its price so far; None: no car is there."""
        return self._session_tick.session_at(place, self.tariffs)

    def _samples(self, place: Place, start: datetime, end: datetime) -> Samples:
        """The readings of a curve in a mail; of very many the newest."""
        batches = list(self.store.scan("meter", start, end, place=place, newest_first=True, limit=_CURVE_ROWS))
        if not batches:
            return ()
        table = pa.Table.from_batches(batches).sort_by("time_us")
        names = [name for name in ("time_us", "power_w", "offered_w") if name in table.column_names]
        return samples_of(table.select(names).to_pydict())

    def why(self, rule: str, subject: str, at: datetime | None = None) -> dict[str, Any]:
        """Why a rule says of a subject what it says, now or at a moment in the past (`monitor.authoring.why`).

        A rule about the service itself is judged by what the last tick knew of it.
        """
        if at is None and self._parts is not None and rule_of(self.rules.in_force, rule).on == "source":
            seen_at, sources = self._parts
            return why_of_source(
                self.rules.in_force, self._scratch, self.database, rule=rule, subject=subject, sources=sources,
                at=seen_at,
            )  # fmt: skip
        return why(self.rules.in_force, self.store, self.database, rule=rule, subject=subject, at=at or self.now())

    def start(self) -> None:
        """Begin to tick and to send."""
        for worker in self.workers:
            worker.start()
        self._heartbeat.start()
        trigger = SlotTrigger(self._clock, self.settings.evaluate.interval)
        self._scheduler.add_job(self.tick, trigger, id="tick", max_instances=1, coalesce=True, misfire_grace_time=None)
        self._scheduler.add_job(
            self._roll_up, "interval", seconds=ROLL_UP_SECONDS, next_run_time=datetime.now(UTC), id="insight",
            max_instances=1, coalesce=True, misfire_grace_time=None,
        )  # fmt: skip
        self._scheduler.add_job(
            self._report, SlotTrigger(self._clock, REPORTS_EVERY), id="reports", max_instances=1, coalesce=True,
            misfire_grace_time=None,
        )  # fmt: skip
        if self._keeping.wanted:
            self._scheduler.add_job(
                lambda: self._keeping.run(self.now()), SlotTrigger(self._clock, timedelta(days=1)), id="keeping",
                next_run_time=self._clock.real_time_of(self.now() + _FIRST_KEEPING), max_instances=1, coalesce=True,
                misfire_grace_time=None,
            )  # fmt: skip
        self._scheduler.start()
        log.info("started", listen=self.settings.web.listen, rules=len(self.rules.in_force.rules.rules))

    def stop(self) -> None:
        """Finish the tick and the mails under way, then close everything; a second call does nothing."""
        self._keeping.stop()
        self._rollups.stop()
        self.comparisons.stop()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
            for worker in self.workers:
                worker.stop()
            self._heartbeat.stop()
            log.info("stopped")
            with suppress(LaddvaktError):
                self._spells.keep()  # else its rows are read again
        self._session_tick.keep()
        self.store.close()
        self._scratch.close()
        self.database.close()

    def tick(self) -> None:
        """Evaluate the newest slot, once; a failure is recorded and the next tick tries again."""
        interval = self.settings.evaluate.interval
        slot = slot_of(self.now(), interval)
        if self._last_slot is not None and slot <= self._last_slot:
            return
        missed = 0 if self._last_slot is None else (slot - self._last_slot) // interval - 1
        self._last_slot = slot
        began = perf_counter()
        try:
            error = self._evaluate(slot - self.settings.evaluate.settle)
        except Exception as failure:
            error = _noted("tick failed", failure)
        if self.ticks.last_error and not error:
            log.info("ticks are good again")
        self.ticks = self.ticks.after(Tick(slot, perf_counter() - began, bool(error)), missed, error)
        if not error:
            self._heartbeat.beat()
            self._note_trend()

    def _roll_up(self) -> None:
        """Bring the figures of insight up to what changed; what fails is told, and tried again."""
        try:
            self._rollups.bring_up_to_date(self.register)
            self._spells.bring_up_to(self.now(), self.register)
        except Exception as failure:
            _noted("insight waits", failure)

    def _note_trend(self) -> None:
        """Keep the key figures for the lines of the status page; pages can do without."""
        now, picture = self.now(), self.picture
        if picture is None or not self.trend.due(now):
            return
        try:
            whole, totals = rollup.network(picture), self.sessions.totals(start=now - timedelta(hours=24))
            revenue = next(iter(totals.incl_vat.values()), None)
            figures = KeyFigures(
                whole.taken, whole.power_w, whole.usable_percent, totals.sessions, totals.energy_wh,
                None if revenue is None else float(revenue),
            )  # fmt: skip
            self.trend.note(now, figures)
        except LaddvaktError as failure:
            _noted("trend waits", failure)

    def _report(self) -> None:
        """Put monthly reports that are due on their way; what fails is told, and tried again."""
        try:
            if self._reports.send_due(self.rules.in_force.routes, self.register, self.now()):
                for worker in self.workers:
                    worker.wake()
        except Exception as failure:
            _noted("reports wait", failure)

    def _evaluate(self, now: datetime) -> str:
        """One tick; returns what went wrong in a part that the others can do without."""
        files = self._reload()
        active = self.alerts.active_keys()
        try:
            evaluation, error = self._of_places(now, files, active)
            # While the whole fleet is silent the rules about places wait too.
            self._tried = self._tried or not (evaluation.flow and evaluation.flow.silent)
        except StoreUnavailable as failure:
            error = _noted("rules wait", failure)
            evaluation = waiting(files.program, now, f"waits: {error}")
        own = self._of_sources(now, files, active, evaluation.flow)
        evaluation = replace(
            evaluation,
            answers=evaluation.answers + own.answers,
            failures={**evaluation.failures, **own.failures},
            durations={**evaluation.durations, **own.durations},
            unknown={**evaluation.unknown, **own.unknown},
        )
        recorded = record_tick(
            self.database,
            evaluation,
            rules=files.rules.rules,
            routes=files.routes,
            register=files.register,
            interval=self.settings.evaluate.interval,
            planning=self._tried,
            all_rules=files.rules.complete,
            price_of=lambda place: price_so_far(self.session_at(place)),
        )
        if evaluation.picture is not None:
            self.picture = Picture(now, evaluation.picture)
        self.flow = evaluation.flow
        self.rules = RulesState(files, _runs(files, evaluation))
        _tell(recorded.events)
        if recorded.messages:
            for worker in self.workers:
                worker.wake()
        return error

    def _of_places(self, now: datetime, files: InForce, active: Active) -> tuple[Evaluation, str]:
        """The rules about connectors, stations and sites, and what went wrong in a part they can do without."""
        self.store.bring_up_to(now)
        error = self._update_sessions(now, files)
        facts = Facts(files.register, *self._session_tables)
        with self.store.snapshot() as snapshot:
            return evaluate(files.program, snapshot, facts, now, active, stopwatch=perf_counter), error

    def _of_sources(self, now: datetime, files: InForce, active: Active, flow: Flow | None) -> Evaluation:
        """The rules about the service itself; `flow` None: the store is away."""
        picture = self.picture
        sources = sources_table(
            now,
            flow=flow,
            newest=flow.newest if flow else picture.newest_reading if picture else None,
            last_tick=self.ticks.last_at,
            # Without a mail server messages wait by choice.
            oldest_message=self.outbox.counts(now).oldest_age if self.settings.mail.host else None,
            unbilled_since=self._unbilled_since,
        )
        self._parts = now, sources
        with self._scratch.snapshot() as snapshot:
            return evaluate_sources(files.program, snapshot, sources, now, active, stopwatch=perf_counter)

    def _update_sessions(self, now: datetime, files: InForce) -> str:
        """Bring the sessions up to `now`; when that fails, rules go on with what was known of them, and it is told."""
        try:
            frozen_by = resting_on_usual_power(files.rules.rules)
            self._session_tables = self._session_tick.bring_up_to(now, files.register, files.tariffs, frozen_by)
            # Without tariffs nothing is priced, by choice.
            self._unbilled_since = self.sessions.unbilled_since() if files.tariffs.tariffs else None
        except StoreUnavailable:
            raise
        except Exception as failure:
            return _noted("sessions not brought up to date", failure)
        return ""

    def _reload(self) -> InForce:
        """The files in force now; their mistakes are logged once, when they change."""
        before = self.rules.in_force
        files = in_force.load(self.settings, before, self._last_good)
        if files is not before:
            self.rules = RulesState(files, self.rules.runs)
            self.store.register(list(files.register.connectors))
            log.info("files taken", rules=len(files.rules.rules), mistakes=len(files.problems))
            for problem in files.problems:
                log.warning("file not taken", problem=str(problem))
        return files


def _tell(events: Sequence[AlertEvent]) -> None:
    """Log what began and what ended, of very many at once only the first."""
    told = [event for event in events if event.kind in {"firing", "level", "resolved"}]
    for event in told[:_EVENTS_LOGGED]:
        log.info(f"alert {event.kind}", rule=event.rule, subject=event.subject, level=event.level, reason=event.reason)
    if len(told) > _EVENTS_LOGGED:
        log.info("alerts changed", more=len(told) - _EVENTS_LOGGED)


def _noted(event: str, failure: Exception) -> str:
    """Log a failure, ours without a trace because it says what to do; return it in words."""
    if isinstance(failure, LaddvaktError):
        log.error(event, error=str(failure))
        return str(failure)
    log.error(event, exc_info=failure)
    return f"{type(failure).__name__}: {failure}"


def _runs(files: InForce, evaluation: Evaluation) -> dict[str, RuleRun]:
    """Each rule's run in this evaluation: how many subjects matched, how many are unknown, its error."""
    matches = Counter(answer.rule for answer in evaluation.answers if answer.truth)
    return {
        rule.id: RuleRun(
            evaluation.at,
            matches[rule.id],
            evaluation.unknown.get(rule.id, 0),
            evaluation.failures.get(rule.id, ""),
            evaluation.durations.get(rule.id, 0.0),
        )
        for rule in files.rules.rules
    }

"""A file under rules/tests/ -> cases: the rows that each test writes down, by when they came in, and what is to be."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from monitor import documents, register
from monitor.alerts import notify_file
from monitor.alerts.routes import Routes
from monitor.authoring.replay import Files
from monitor.authoring.rule_tests import series
from monitor.authoring.rule_tests.shapes import HistoryShape, SeriesShape, SessionShape, TestsFile, TestShape
from monitor.documents import Document, Path_, nearest
from monitor.errors import FileProblems, Problem
from monitor.ids import STATION_CONNECTOR, Place
from monitor.readings.schema import METER, STATUSES
from monitor.register import Register
from monitor.rules.frame import HISTORY
from monitor.rules.model import Rule
from monitor.rules.names import Subject
from monitor.units import parse_duration, parse_quantity, to_us

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
"""A Monday noon, when a test does not say."""

LONGEST = timedelta(days=7)


@dataclass(frozen=True)
class Row:
    """One row of a measurement, and how long after the test's start it came in."""

    came: timedelta
    measurement: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One test, ready to run: `rows` in the order in which they came."""

    document: Document
    index: int
    shape: TestShape
    start: datetime
    lasts: timedelta
    rules: tuple[Rule, ...]
    register: Register
    routes: Routes
    rows: tuple[Row, ...]
    history: pa.Table = field(repr=False)

    def problem(self, path: Path_, code: str, message: str) -> Problem:
        """Something about a key of the test."""
        return self.document.problem(("tests", self.index, *path), code, message)


def read(document: Document, files: Files) -> tuple[Case, ...]:
    """The tests of a file about these rules; raise FileProblems with every mistake in it."""
    try:
        file = documents.validate(document, TestsFile)
    except FileProblems as error:
        raise FileProblems({*error.problems, *_beside(document, files)}) from error
    known, routes = _around(document, files)
    readers = [_Reader(document, index, shape, known, files.rules) for index, shape in enumerate(file.tests)]
    cases = [reader.case(routes) for reader in readers]
    if problems := [problem for reader in readers for problem in reader.problems]:
        raise FileProblems(problems)
    return tuple(cases)


def _around(document: Document, files: Files) -> tuple[Register, Routes]:
    """The register and the routes of all tests of the file: its own, else those in force."""
    own = {key for key in ("sites", "notify") if document.content.get(key) is not None}
    known = register.parse(document.only("sites"), files.register.default_zone) if "sites" in own else files.register
    return known, notify_file.parse(document.under("notify")) if "notify" in own else files.routes


def _beside(document: Document, files: Files) -> Iterator[Problem]:
    """What is wrong in a file beside a mistake in its shape: in the tests whose own shape is right."""
    tests = document.content.get("tests") if isinstance(document.content, dict) else None
    if not isinstance(tests, list):
        return
    try:
        known, routes = _around(document, files)
    except FileProblems as error:
        yield from error.problems
        return
    for index, test in enumerate(tests):
        try:
            shape = documents.validate(document, TestShape, test, ("tests", index))
        except FileProblems:
            continue
        reader = _Reader(document, index, shape, known, files.rules)
        reader.case(routes)
        yield from reader.problems


class _Reader:
    """One test on its way to a case; what is wrong with it gathers in `problems`."""

    def __init__(
        self, document: Document, index: int, shape: TestShape, known: Register, rules: Iterable[Rule]
    ) -> None:
        self.problems: list[Problem] = []
        self._document, self._index, self._shape = document, index, shape
        self._register = known
        self._rules = {rule.id: rule for rule in rules if rule.on != "source"}
        self._start = shape.start or START
        self._lasts = shape.lasts or self._last_moment()

    def case(self, routes: Routes) -> Case:
        """Of no use while there are problems."""
        shape = self._shape
        if self._start.tzinfo is None:
            self._wrong(("start",), "no-zone", "start: needs an offset, for example 2026-03-02T12:00:00+01:00")
        if self._lasts > LONGEST:
            self._wrong(("name",), "too-long", f"lasts for more than {LONGEST.days} days; a backtest is for such spans")
        rows = sorted(self._rows(), key=lambda row: row.came)
        self._check_expectations(rows)
        self._check_mails(routes)
        return Case(
            self._document, self._index, shape, self._start, self._lasts, self._chosen(), self._register, routes,
            tuple(rows), self._history(),
        )  # fmt: skip

    def _wrong(self, path: Path_, code: str, message: str, *, at_key: bool = False) -> None:
        self.problems.append(self._document.problem(("tests", self._index, *path), code, message, at_key=at_key))

    def _last_moment(self) -> timedelta:
        """Up to the last time that anything is expected at, at least a minute."""
        shape = self._shape
        times = [moment for each in (*shape.expect, *(shape.mails or ())) for moment in (each.at, each.until)]
        last: timedelta = max([timedelta(minutes=1), *(moment for moment in times if moment is not None)])
        return last

    def _chosen(self) -> tuple[Rule, ...]:
        for position, rule in enumerate(self._shape.rules):
            if rule not in self._rules:
                self._wrong(("rules", position), "unknown-rule", self._no_rule(rule))
        return tuple(rule for name, rule in self._rules.items() if not self._shape.rules or name in self._shape.rules)

    def _no_rule(self, rule: str) -> str:
        return f"there is no rule {rule!r} about places{nearest(rule, self._rules)}"

    def _check_expectations(self, rows: Iterable[Row]) -> None:
        there = [Place(row.values["site"], row.values["station"], row.values.get("connector")) for row in rows]
        there += self._register.connectors
        chosen = set(self._shape.rules) or set(self._rules)
        for position, each in enumerate(self._shape.expect):
            if each.rule not in self._rules:
                self._wrong(("expect", position, "rule"), "unknown-rule", self._no_rule(each.rule))
            elif each.rule not in chosen:
                self._wrong(("expect", position, "rule"), "unknown-rule", f"{each.rule!r} is not in `rules` above")
            if each.at is not None and (each.begins is not None or each.until is not None):
                self._wrong(("expect", position, "at"), "two-times", "`at` is one time; leave out `from` and `until`")
            if each.subject is None and each.state != "never":
                message = "'subject' is missing here: only `state: never` can be about all of them"
                self._wrong(("expect", position), "missing-key", message)
            if each.subject is not None and each.state != "never" and each.rule in self._rules:
                self._check_subject(each.subject, self._rules[each.rule].on, there, ("expect", position, "subject"))

    def _check_subject(self, subject: str, on: Subject, there: Iterable[Place], path: Path_) -> None:
        """What is expected of a subject that nothing knows of never comes true."""
        keys = {"connector": 3, "station": 2, "site": 1}[on]
        known = {Place(*place[:keys]).subject for place in there if None not in place[:keys]}  # type: ignore[arg-type]
        if subject not in known:
            message = f"there is no {on} {subject!r} in sites.yaml or in the readings{nearest(subject, known)}"
            self._wrong(path, "unknown-subject", message)

    def _check_mails(self, routes: Routes) -> None:
        known = routes.receivers
        for position, mail in enumerate(self._shape.mails or ()):
            if "@" not in mail.to and mail.to not in known:
                message = f"there is no receiver {mail.to!r}{nearest(mail.to, known)}"
                self._wrong(("mails", position, "to"), "unknown-receiver", message)

    def _rows(self) -> Iterator[Row]:
        for subject, said in self._shape.readings.items():
            place, at = self._place(subject, ("readings", subject)), ("readings", subject)
            if place is None:
                continue
            yield from self._statuses(place, said.status, (*at, "status"))
            yield from self._links(place, said, at)
            for known in METER.fields:
                written = getattr(said, known.name, None) if known.kind == "number" else None
                if written is None:
                    continue
                if place.connector is None:
                    message = f"a station has no meter: put {known.name} under one of its connectors"
                    self._wrong((*at, known.name), "no-meter", message, at_key=True)
                else:
                    yield from self._series(place, known.name, written, (*at, known.name))
        for position, session in enumerate(self._shape.sessions):
            yield from self._session(session, ("sessions", position))

    def _place(self, subject: str, path: Path_) -> Place | None:
        try:
            place = Place.parse(subject)
        except ValueError:
            place = None
        if place is None or place.station is None:
            self._wrong(path, "no-place", f"{subject!r} is no station or connector; write SITE/STATION/CONNECTOR",
                        at_key=True)  # fmt: skip
            return None
        return place

    def _row(self, came: timedelta, measurement: str, place: Place, at: timedelta, **values: Any) -> Row:
        where = {"site": place.site, "station": place.station}
        if measurement != "link":
            where["connector"] = place.connector or STATION_CONNECTOR
        return Row(came, measurement, {**where, "time_us": to_us(self._start + at), **values})

    def _statuses(self, place: Place, said: Mapping[str, str], path: Path_) -> Iterator[Row]:
        for written, text in said.items():
            at = self._time(written, (*path, written))
            status, _, error = text.partition(" ")
            if status not in STATUSES:
                message = f"there is no status {status!r}{nearest(status, STATUSES)}"
                self._wrong((*path, written), "unknown-status", message)
            yield self._row(at, "status", place, at, status=status, error_code=error.strip() or "NoError")

    def _links(self, place: Place, said: Any, path: Path_) -> Iterator[Row]:
        station = place._replace(connector=None)
        for written, event in said.link.items():
            at = self._time(written, (*path, "link", written))
            yield self._row(at, "link", station, at, event=event)
        if said.heartbeats:
            every, until = said.heartbeats.every, said.heartbeats.until
            if every < timedelta(seconds=1):
                self._wrong((*path, "heartbeats", "every"), "too-often", "every: at least 1s")
                return
            at = said.heartbeats.begins
            while at <= (self._lasts if until is None else until):
                yield self._row(at, "link", station, at, event="heartbeat", interval_s=every.total_seconds())
                at += every

    def _series(self, place: Place, name: str, written: SeriesShape, path: Path_) -> Iterator[Row]:
        known = METER.field(name)
        assert known is not None
        try:
            values = series.values(written.values, known)
        except ValueError as error:
            self._wrong(path, "no-series", str(error))
            return
        every = written.every or self._shape.every
        if every < timedelta(milliseconds=100):
            self._wrong(path, "too-often", "every: at least 100ms")
            return
        for number, value in enumerate(values):
            at = written.begins + number * every
            if value is not None:
                yield self._row(written.received or at, "meter", place, at, **{name: value})

    def _session(self, said: SessionShape, path: Path_) -> Iterator[Row]:
        place = self._place(said.at, (*path, "at"))
        if place is None:
            return
        if place.connector is None:
            self._wrong((*path, "at"), "no-place", "a session is at a connector: SITE/STATION/CONNECTOR")
            return
        name = f"{self._shape.name} {path[-1]}"
        energy = self._number(said.energy, (*path, "energy"))
        start = self._row(said.begins, "transaction", place, said.begins, event="start", session=name, user=said.user)
        yield start if energy is None else _with(start, meter_wh=0.0)
        if said.until is not None:
            stop = self._row(
                said.until, "transaction", place, said.until, event="stop", session=name, reason=said.reason
            )
            yield stop if energy is None else _with(stop, meter_wh=energy)

    def _history(self) -> pa.Table:
        rows = []
        for subject, said in self._shape.history.items():
            place = self._place(subject, ("history", subject))
            if place is not None and place.connector is not None:
                rows.append({**place._asdict(), **self._known(said, ("history", subject))})
            elif place is not None:
                self._wrong(("history", subject), "no-place", "history is of a connector", at_key=True)
        return pa.Table.from_pylist(rows, HISTORY)

    def _known(self, said: HistoryShape, path: Path_) -> Mapping[str, Any]:
        numbers = ("usual_power_w", "slow_share_10", "failed_share_10")
        for name in ("slow_share_10", "failed_share_10"):
            share = self._number(getattr(said, name), (*path, name))
            if share is not None and not 0 <= share <= 100:
                self._wrong((*path, name), "range", f"{name} is from 0 to 100 %")
        return {
            **{name: self._number(getattr(said, name), (*path, name)) for name in numbers},
            "users_10": said.users_10,
            "delivered_us": None if said.since_delivered is None else to_us(self._start - said.since_delivered),
            "usual_gap_us": None if said.usual_gap is None else said.usual_gap // timedelta(microseconds=1),
            "last_stop_reason": said.last_stop_reason,
        }

    def _number(self, written: str | float | None, path: Path_) -> float | None:
        if written is None or isinstance(written, int | float):
            return written
        try:
            return float(parse_quantity(written).value)
        except ValueError as error:
            self._wrong(path, "no-number", str(error))
            return None

    def _time(self, written: str, path: Path_) -> timedelta:
        try:
            return parse_duration(written)
        except ValueError as error:
            self._wrong(path, "no-time", str(error), at_key=True)
            return timedelta(0)


def _with(row: Row, **values: Any) -> Row:
    return Row(row.came, row.measurement, {**row.values, **values})


def tables(rows: Iterable[Row]) -> Mapping[str, list[dict[str, Any]]]:
    """Rows by measurement; values of one point together."""
    points: dict[tuple[Any, ...], tuple[str, dict[str, Any]]] = {}
    for row in rows:
        values = row.values
        key = (row.measurement, *(values.get(name) for name in ("site", "station", "connector", "event", "time_us")))
        points.setdefault(key, (row.measurement, {}))[1].update(values)
    found: dict[str, list[dict[str, Any]]] = {}
    for measurement, values in points.values():
        found.setdefault(measurement, []).append(values)
    return found

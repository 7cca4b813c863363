"""What pages and the API ask of insight: one function for each question."""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from monitor.ids import Place
from monitor.insight.behaviour import (
    ENERGIES_KWH,
    SOCS,
    STAYS_MIN,
    Behaviour,
    by_hour,
    histogram,
    problems,
    returning,
)
from monitor.insight.causes import with_causes
from monitor.insight.congestion import Congestion, by_need, congestion, together
from monitor.insight.local_time import date_of, day_begin_us, day_of, midnight_us, month_of
from monitor.insight.performance import By, Facts, Row, added, performance
from monitor.insight.revenue import Revenue, revenue
from monitor.insight.seasons import Season, within
from monitor.insight.uptime import Port, Stretch
from monitor.register import Register
from monitor.state.anomalies import Anomaly, anomalies
from monitor.state.behaviour_rows import singles, unplugged_faulted, visits
from monitor.state.database import Database
from monitor.state.insight_kept import Answer, Answers
from monitor.state.insight_sums import Asked, Day, days_of, full_shares, known_sites, sums_of, weeks_of
from monitor.state.revenue_rows import bills, earned
from monitor.state.spells import port_by_day, ports
from monitor.units import from_us


@dataclass(frozen=True)
class Performance:
    """The rows, and the time that they are of."""

    rows: Sequence[Row]
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Chosen:
    """start <= plug_in < end; without a start from the first session on, without an end until now; `site`: alone."""

    start: datetime | None = None
    end: datetime | None = None
    site: str | None = None


class InsightStore:
    """All methods raise StateUnavailable when the database is away. Answers that take long are kept: see `Answers`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answers = Answers()
        self._register: Register | None = None

    def _ask(self, register: Register, question: Hashable, make: Callable[[], Answer]) -> Answer:
        if register is not self._register:
            self._answers, self._register = Answers(), register
        return self._answers.ask(question, make)

    def _span(self, connection: Connection, register: Register, chosen: Chosen, until: datetime) -> Asked:
        """Without a start from the beginning of the first session's day on."""
        since = chosen.start
        if since is None:
            sites = known_sites(connection, chosen.site)
            first = min(sites, key=lambda site: sites[site].first_us, default=None)
            zone = register.zone(first or "")
            since = until if first is None else from_us(day_begin_us(sites[first].first_us, zone))
        return Asked(min(since, until), until, chosen.site)

    def performance(self, register: Register, by: By, chosen: Chosen, now: datetime) -> Performance:
        """Figures of sessions by plug-in, by connector or what those belong to."""

        def make() -> Performance:
            until = min(chosen.end or now, now)
            with self._database.read() as connection:
                since = self._span(connection, register, chosen, until).start
                # Nobody plugs in after now: so the day that is under way is taken whole, from the rollups.
                upto = until if until < now else now + timedelta(days=2)
                sums = sums_of(connection, Asked(since, upto, chosen.site), register)
                full = full_shares(
                    connection, Asked(since, until, chosen.site), register, from_first=chosen.start is None, upto=upto
                )
                known = ports(connection, since, until, chosen.site) if since < until else {}
            facts = Facts(since, until, sums, known, full)
            return Performance(performance(facts, register, by, chosen.site), since, until)

        return self._ask(register, ("performance", by, chosen), make)

    def congestion(self, register: Register, chosen: Chosen, now: datetime, target: timedelta) -> Sequence[Congestion]:
        """How full each pool was over the whole local days within, in most need first. Today is not over, so it is
        left out; `target`: the mean wait that the needed EVSEs would bring.
        """

        def make() -> Sequence[Congestion]:
            until = min(chosen.end or now, now)
            with self._database.read() as connection:
                asked = self._span(connection, register, chosen, until)
                weeks = weeks_of(connection, asked, register)
                known = ports(connection, asked.start, until, chosen.site) if asked.start < until else {}
                sums = sums_of(connection, asked, register)
            whole = with_causes(weeks, register, known, sums)
            return by_need([congestion(week, target.total_seconds()) for week in whole])

        return self._ask(register, ("congestion", chosen, target), make)

    def behaviour(self, register: Register, chosen: Chosen, now: datetime, season: Season | None = None) -> Behaviour:
        """How people use a site, or all of them; in a season, of each year within."""

        def make() -> Behaviour:
            until, zone = min(chosen.end or now, now), register.zone(chosen.site or "")
            with self._database.read() as connection:
                whole = self._span(connection, register, chosen, until)
                spans = within(season, whole.start, until, zone)
                asked = [Asked(*span, chosen.site) for span in spans]
                weeks = [week for each in asked for week in weeks_of(connection, each, register)]
                sums = added([each for one in asked for each in sums_of(connection, one, register).values()])
                one = singles(connection, spans, chosen.site)
                users = visits(connection, spans, chosen.site)
                faulted = unplugged_faulted(connection, spans, chosen.site)
                days = [day for span in spans for day in days_of(connection, register, *span, chosen.site)]
            by_month: Counter[int] = Counter()
            for day in days:
                by_month[month_of(day.day)] += day.arrivals
            return Behaviour(
                arrivals=sums["sessions"],
                **by_hour(together(weeks)),
                by_month=by_month,
                stays=histogram(one.stay_min, STAYS_MIN),
                energies=histogram(one.energy_kwh, ENERGIES_KWH),
                soc_in=histogram(one.soc_in, SOCS),
                soc_out=histogram(one.soc_out, SOCS),
                problems=problems(sums, faulted),
                returning=returning(users, sums["sessions"]),
            )

        return self._ask(register, ("behaviour", chosen, season), make)

    def revenue(
        self, register: Register, chosen: Chosen, now: datetime, cost_per_kwh: Decimal | None = None
    ) -> Sequence[Revenue]:
        """What sessions earned without VAT, by currency; hours are of the site's clock, for all sites the default's."""

        def make() -> Sequence[Revenue]:
            until = min(chosen.end or now, now)
            with self._database.read() as connection:
                asked = self._span(connection, register, chosen, until)
                frame = earned(connection, asked.start, until, chosen.site, register.zone(chosen.site or ""))
                lines = bills(connection, asked.start, until, chosen.site)
            return revenue(frame, cost_per_kwh, lines)

        return self._ask(register, ("revenue", chosen, cost_per_kwh), make)

    def by_day(self, place: Place, zone: ZoneInfo, now: datetime, days: int) -> Sequence[tuple[date, Port | None]]:
        """One connector on each of the last local days, the last one up to now; None where nothing was known yet."""
        last = day_of(now, zone)
        its = range(last - days + 1, last + 1)
        edges = [from_us(midnight_us(day, zone)) for day in (*its, last + 1)]
        stretches = [Stretch(start, min(end, now)) for start, end in pairwise(edges)]
        with self._database.read() as connection:
            ports = port_by_day(connection, place, stretches)
        return [(date_of(day), port) for day, port in zip(its, ports, strict=True)]

    def anomalies(self, site: str | None = None) -> Sequence[Anomaly]:
        """Connectors that stopped being what they were, the latest first."""
        with self._database.read() as connection:
            return anomalies(connection, site)

    def days(self, register: Register, chosen: Chosen, now: datetime) -> Sequence[Day]:
        """Arrivals and full time of each local day, oldest first; days without any are left out."""

        def make() -> Sequence[Day]:
            with self._database.read() as connection:
                return days_of(connection, register, chosen.start, min(chosen.end or now, now), chosen.site)

        return self._ask(register, ("days", chosen), make)

"""When connectors were down or unseen, kept up from what arrives in the readings store: the scheduler's other half."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import BigInteger, Connection, delete, insert, or_, select, tuple_, type_coerce, update

from monitor.ids import Place
from monitor.insight.occupancy import NEVER
from monitor.insight.uptime import Exclusion, Port, Spell, Stretch, port_of
from monitor.insight.watching import Row, Told, Watch
from monitor.readings.store import ReadingStore
from monitor.register import Register
from monitor.state import insight_due
from monitor.state.database import Database, chunks
from monitor.state.insight_tables import insight_exclusions, insight_ports, insight_spells, insight_stations
from monitor.state.session_tables import positions
from monitor.units import EPOCH, from_us, to_us

_READER = "spells"
_MEASUREMENTS = ("status", "transaction", "link")
_SEEN = """SELECT site, station, seen_us FROM latest_link JOIN stations USING (station_key)
WHERE seen_us IS NOT NULL AND seen_us > $since"""

Rows = dict[Place, list[Row]]


LASTS_US = 2**53
"""After everything."""
SAVE_EVERY = timedelta(minutes=5)
"""Heartbeats alone change nothing but until when a station was seen, and that of all stations at every look."""


@dataclass
class Change:
    """What rows of a station tell. `anew`: it was folded from its first row on, because one came late."""

    spells: list[Told] = field(default_factory=list)
    anew: bool = False
    events: bool = False

    @property
    def urgent(self) -> bool:
        """Whether it has to be saved now: else only the time moves on."""
        return bool(self.spells or self.events or self.anew)


class Spells:
    """Used by one thread at a time, the one of the scheduler's job."""

    def __init__(self, database: Database, store: ReadingStore) -> None:
        self._database = database
        self._store = store
        self._watches: dict[Place, Watch] | None = None
        self._position = 0
        self._seen_us = 0
        self._unsaved: set[Place] = set()
        self._saved_at = EPOCH

    def bring_up_to(self, now: datetime, register: Register) -> int:
        """Take in what arrived; how many stations it was of. Raises StoreUnavailable, and the next call goes on."""
        if self._watches is None:
            self._load()
        assert self._watches is not None
        arrived, reached = self._arrivals()
        for place, seen_us in self._seen():
            arrived.setdefault(place, []).append(Row(seen_us, "seen"))
        try:
            told = {place: self._take(place, rows, register) for place, rows in arrived.items()}
            for place, watch in self._watches.items():
                if silent := list(watch.pass_until(to_us(now), _patience(register, place))):
                    told.setdefault(place, Change()).spells.extend(silent)
            self._unsaved |= told.keys()
            urgent = {place: each for place, each in told.items() if each.urgent}
            if urgent or now - self._saved_at >= SAVE_EVERY:
                self._save(urgent, reached)
                self._saved_at = now
        except Exception:
            self._watches = None  # what was folded is not what was saved
            raise
        self._position = reached
        return len(arrived)

    def keep(self) -> None:
        """The last call has ended: save what the next start goes on from."""
        if self._watches is not None and self._unsaved:
            self._save({}, self._position)

    def _load(self) -> None:
        with self._database.read() as connection:
            found = connection.execute(select(insight_stations)).all()
            self._position = connection.execute(
                select(positions.c.position).where(positions.c.name == _READER)
            ).scalar() or 0  # fmt: skip
        self._watches = {Place(row.site, row.station): Watch.of(row.watch) for row in found}
        self._seen_us = 0
        self._unsaved.clear()

    def _arrivals(self) -> tuple[Rows, int]:
        """Rows by station. Where the store's arrivals are not all there is, the first time reads everything."""
        found: Rows = {}
        reached = self._position
        for name in _MEASUREMENTS:
            if not self._position and not self._store.arrivals_are_all:
                for batch in self._store.scan(name):
                    _sort_in(found, name, pa.Table.from_batches([batch]))
            table, last = self._store.arrivals(name, self._position)
            reached = max(reached, last)
            _sort_in(found, name, table)
        return found, reached

    def _seen(self) -> Iterator[tuple[Place, int]]:
        """Stations of which rows of any kind came, also of meter values."""
        with self._store.snapshot() as snapshot:
            rows = snapshot.query(_SEEN, {"since": self._seen_us}).to_pylist()
        self._seen_us = max((row["seen_us"] for row in rows), default=self._seen_us)
        return ((Place(row["site"], row["station"]), row["seen_us"]) for row in rows)

    def _take(self, place: Place, rows: list[Row], register: Register) -> Change:
        assert self._watches is not None
        watch, patience = self._watches.setdefault(place, Watch()), _patience(register, place)
        rows = sorted(dict.fromkeys(rows), key=_order)
        # Heartbeats and the like that are not the newest tell nothing more.
        rows = [
            row for row in rows if row.kind not in _LIFE or row.time_us > (watch.last_us or 0) or watch.is_late(row)
        ]
        events = any(row.kind not in _LIFE for row in rows)
        if not any(watch.is_late(row) for row in rows if row.kind != "seen"):
            return Change(list(watch.take((row for row in rows if not watch.is_late(row)), patience)), events=events)
        watch = self._watches[place] = Watch()
        every: Rows = {}
        for name in _MEASUREMENTS:
            for batch in self._store.scan(name, place=place):
                _sort_in(every, name, pa.Table.from_batches([batch]))
        whole = sorted([*every.get(place, []), *(row for row in rows if row.kind == "seen")], key=_order)
        return Change(list(watch.take(whole, patience)), anew=True, events=events)

    def _save(self, told: Mapping[Place, Change], reached: int) -> None:
        assert self._watches is not None
        with self._database.begin() as tx:
            for place, change in told.items():
                if change.anew:
                    _forget(tx, place)
                _write(tx, place, change.spells)
            for some in chunks(sorted(self._unsaved), 200):
                key = tuple_(insight_stations.c.site, insight_stations.c.station)
                tx.execute(delete(insight_stations).where(key.in_([place[:2] for place in some])))
                watches = {place: self._watches[place] for place in some}
                tx.execute(
                    insert(insight_stations),
                    [{**_station(place), "watch": watch.known()} for place, watch in watches.items()],
                )
                _note_ports(tx, watches)
            changed = tx.execute(update(positions).where(positions.c.name == _READER).values(position=reached))
            if not changed.rowcount:
                tx.execute(insert(positions).values(name=_READER, position=reached))
        self._unsaved.clear()


_LIFE = frozenset({"link", "seen"})


def _order(row: Row) -> tuple[int, bool]:
    """By time; what only says that a station lives goes before what says more."""
    return row.time_us, row.kind not in _LIFE


def spells_down(connection: Connection, sites: Sequence[str]) -> pd.DataFrame:
    """When connectors of some sites were down, as `monitor.insight.occupancy.NEVER` has it; what lasts has no end."""
    times = (type_coerce(insight_spells.c[name], BigInteger).label(name) for name in ("start_us", "end_us"))
    place = (insight_spells.c.site, insight_spells.c.station, insight_spells.c.connector)
    chosen = select(*place, *times).where(insight_spells.c.condition == "down", insight_spells.c.site.in_(sites))
    rows = [(*row[:4], LASTS_US if row.end_us is None else row.end_us) for row in connection.execute(chosen)]
    return pd.DataFrame(rows, columns=list(NEVER.columns)) if rows else NEVER


def ports(connection: Connection, start: datetime, end: datetime, site: str | None = None) -> dict[Place, Port]:
    """Every connector of which a status is known, over [start, end)."""
    spells: dict[Place, list[Spell]] = {}
    chosen = select(insight_spells).where(
        insight_spells.c.start_us < end, or_(insight_spells.c.end_us.is_(None), insight_spells.c.end_us > start)
    )
    firsts = select(insight_ports)
    excluded = select(insight_exclusions).where(
        insight_exclusions.c.start_us < end, insight_exclusions.c.end_us > start
    )
    if site is not None:
        chosen, firsts = chosen.where(insight_spells.c.site == site), firsts.where(insight_ports.c.site == site)
        excluded = excluded.where(insight_exclusions.c.site == site)
    for row in connection.execute(chosen):
        spells.setdefault(Place(*row[:3]), []).append(
            Spell(row.condition, row.start_us, row.end_us, row.status, row.error_code)
        )
    exclusions = [(Place(row.site, row.station, row.connector), Exclusion(row.start_us, row.end_us, row.reason))
                  for row in connection.execute(excluded)]  # fmt: skip
    found = {}
    for *names, first in connection.execute(firsts):
        place = Place(*names)
        excused = [each for where, each in exclusions if place.within(where)]
        if (port := port_of(first, spells.get(place, ()), excused, start, end)) is not None:
            found[place] = port
    return found


def port_by_day(connection: Connection, place: Place, days: Sequence[Stretch]) -> list[Port | None]:
    """One connector over each of some stretches, in the order of time; None where no status had come yet."""
    names = place._asdict()
    of_place = [insight_ports.c[name] == value for name, value in names.items()]
    first = connection.execute(select(insight_ports).where(*of_place)).first()
    if first is None or not days:
        return [None] * len(days)
    chosen = select(insight_spells).where(
        *(insight_spells.c[name] == value for name, value in names.items()),
        insight_spells.c.start_us < days[-1].end,
        or_(insight_spells.c.end_us.is_(None), insight_spells.c.end_us > days[0].start),
    )
    spells = [Spell(row.condition, row.start_us, row.end_us, row.status) for row in connection.execute(chosen)]
    return [port_of(first[3], spells, (), day.start, day.end) for day in days]


def _sort_in(found: Rows, measurement: str, table: pa.Table) -> None:
    names = ("site", "station", "connector", "time_us", "event", "status", "error_code", "interval_s")
    there = [name for name in names if name in table.column_names]
    for values in zip(*(table[name].to_pylist() for name in there), strict=True):
        row = dict(zip(there, values, strict=True))
        if (made := _row(measurement, row)) is not None:
            found.setdefault(Place(row["site"], row["station"]), []).append(made)


def _row(measurement: str, row: Mapping[str, Any]) -> Row | None:
    if measurement == "link":
        disconnected = row["event"] == "disconnected"
        return Row(row["time_us"], "link", interval_s=row.get("interval_s"), disconnected=disconnected)
    if measurement == "transaction":
        return Row(row["time_us"], row["event"], row["connector"])
    if row["status"] is None:
        return None
    return Row(row["time_us"], "status", row["connector"], row["status"], _code(row.get("error_code")))


def _code(code: str | None) -> str:
    return "" if code in {None, "NoError"} else str(code)


def _patience(register: Register, place: Place) -> int | None:
    span = register.offline_after(place)
    return None if span is None else round(span.total_seconds() * 1e6)


def _station(place: Place) -> dict[str, str]:
    return {"site": place.site, "station": place.station or ""}


def _forget(tx: Connection, place: Place) -> None:
    for table in (insight_spells, insight_ports):
        tx.execute(delete(table).where(table.c.site == place.site, table.c.station == (place.station or "")))


def _write(tx: Connection, place: Place, told: Iterable[Told]) -> None:
    """The last that is told of a spell counts; one that ended as it began is none."""
    last = {(each.connector, each.condition, each.start_us): each for each in told}
    for connector, its in groupby(sorted(last.values(), key=itemgetter(0)), key=itemgetter(0)):
        spells = list(its)
        here = [insight_spells.c[name] == value for name, value in {**_station(place), "connector": connector}.items()]
        key = tuple_(insight_spells.c.condition, insight_spells.c.start_us)
        tx.execute(delete(insight_spells).where(*here, key.in_([(s.condition, from_us(s.start_us)) for s in spells])))
        rows = [
            {
                **_station(place), "connector": connector, "condition": spell.condition,
                "start_us": from_us(spell.start_us), "end_us": None if spell.end_us is None else from_us(spell.end_us),
                "status": spell.status, "error_code": spell.error_code,
            }
            for spell in spells if spell.end_us != spell.start_us
        ]  # fmt: skip
        if rows:
            tx.execute(insert(insight_spells), rows)
        ended = [spell for spell in spells if spell.condition == "down" and spell.end_us is not None]
        if ended:  # an EVSE that did not work makes its pool smaller
            span = min(spell.start_us for spell in ended), max(spell.end_us or 0 for spell in ended)
            insight_due.note_span(tx, place.site, *span)


def _note_ports(tx: Connection, watches: Mapping[Place, Watch]) -> None:
    key = tuple_(insight_ports.c.site, insight_ports.c.station, insight_ports.c.connector)
    every = {
        (place.site, place.station or "", name): outlet.first_us
        for place, watch in watches.items() for name, outlet in watch.outlets.items()
    }  # fmt: skip
    for some in chunks(list(every)):
        known = {tuple(row[:3]) for row in tx.execute(select(insight_ports).where(key.in_(some)))}
        fresh = [
            {"site": site, "station": station, "connector": name, "first_us": from_us(every[site, station, name])}
            for site, station, name in some if (site, station, name) not in known
        ]  # fmt: skip
        if fresh:
            tx.execute(insert(insight_ports), fresh)
            for site in {each["site"] for each in fresh}:  # an EVSE more in one of its pools
                insight_due.note_site(tx, site)

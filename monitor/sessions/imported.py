"""Finished sessions that came as rows of a table, without readings: their periods, what is doubtful, their price."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from monitor.ids import Place
from monitor.register import Register
from monitor.sessions.billing import bill
from monitor.sessions.model import Flag, Period, Session
from monitor.sessions.summary import BillUntil, key
from monitor.tariffs.files import TariffBook
from monitor.units import from_us

SEEN_BY = "import"
"""`details["seen_by"]` of such a session: no reading can change it."""
SPLIT_UNKNOWN = "charging time unknown"
"""The reason of a period of which nobody knows how long the car charged in it: kWh over plugged time is no speed."""
TIME_NOT_PRICED = "charging time unknown: no time is priced"
TIMED = frozenset({"TIME", "PARKING_TIME"})

_ALLOWANCE_WH = 50.0


def sessions_of(table: pa.Table, register: Register) -> Iterator[Session]:
    """One session per row of `monitor.ingest.session_table.Rows`, closed and without a price."""
    names = table.column_names
    ratings = {place: outlet.rated for place, outlet in register.connectors.items()}
    for values in zip(*(table[name].to_pylist() for name in names), strict=True):
        yield _session(dict(zip(names, values, strict=True)), ratings)


def priced(session: Session, book: TariffBook, register: Register, bill_until: BillUntil) -> Session:
    """The session with its price, or in review where its energy is doubtful.

    Of a session whose charging time is not known no time is priced, because nobody can prove it; the bill says so.
    """
    return warned(bill(session, book, register, bill_until), book)


def warned(found: Session, book: TariffBook) -> Session:
    """The bill of a session with the warning that no time is priced, where that is so."""
    if found.bill is None or not split_unknown(found):
        return found
    tariff = book.tariffs.get(found.bill.tariff_id)
    elements = tariff.elements if tariff is not None else ()
    if not any(part.type in TIMED for element in elements for part in element.price_components):
        return found
    return replace(found, bill=replace(found.bill, warnings=(*found.bill.warnings, TIME_NOT_PRICED)))


def split_unknown(session: Session) -> bool:
    """Whether nobody knows how long the car charged."""
    return session.details.get("charging_time") == "unknown"


def _session(row: Mapping[str, Any], ratings: Mapping[Place, float | None]) -> Session:
    place = Place(row["site"], row["station"], row["connector"])
    plug_in, plug_out = from_us(row["plug_in_us"]), from_us(row["plug_out_us"])
    started = plug_in if row["started_us"] is None else from_us(row["started_us"])
    stopped = None if row["stopped_us"] is None else from_us(row["stopped_us"])
    charging = None if row["charging_s"] is None else timedelta(seconds=round(row["charging_s"], 6))
    periods = tuple(_periods(started, plug_out, charging, row["energy_wh"]))
    charged = sum((period.end - period.start for period in periods if period.kind == "charging"), timedelta(0))
    parked = sum((period.end - period.start for period in periods if period.kind == "parking"), timedelta(0))
    average = row["energy_wh"] * timedelta(hours=1) / charged if charged and row["energy_wh"] is not None else None
    details = {"seen_by": SEEN_BY} if charging is not None else {"seen_by": SEEN_BY, "charging_time": "unknown"}
    return Session(
        id=key(place, row["session"], started),
        place=place,
        transaction=row["session"],
        plug_in=plug_in,
        started=started,
        stopped=stopped,
        plug_out=plug_out,
        closed_at=plug_out,
        user=row["user"],
        group=row["group"],
        stop_reason=None,
        energy_wh=None if row["energy_wh"] is None else round(row["energy_wh"], 3),
        register_start_wh=None,
        register_stop_wh=None,
        integrated_wh=None,
        charging_time=charged,
        idle_time=parked,
        average_power_w=average,
        peak_power_w=row["max_power_w"],
        soc_in=row["soc_in"],
        soc_out=row["soc_out"],
        phases=None,
        flags=_flags(row, ratings.get(place), plug_out - started, charged),
        diagnosis=None,
        state="open",
        periods=periods,
        details=details,
    )


def _periods(
    started: datetime, plug_out: datetime, charging: timedelta | None, energy_wh: float | None
) -> Iterator[Period]:
    """Charging from the start on, then idle; without a charging time one period that says so."""
    energy = 0.0 if energy_wh is None else round(energy_wh, 3)
    if plug_out <= started:
        return
    if charging is None:
        yield Period(started, plug_out, "neither", SPLIT_UNKNOWN, energy, None, None)
        return
    full = min(started + charging, plug_out)
    if full > started:
        yield Period(
            started, full, "charging", "Charging", energy, energy * timedelta(hours=1) / (full - started), None
        )
    if plug_out > full:
        yield Period(full, plug_out, "parking", "Finishing", 0.0 if full > started else energy, 0.0, None)


def _flags(row: Mapping[str, Any], rated_w: float | None, stay: timedelta, charged: timedelta) -> frozenset[Flag]:
    """More energy than the outlet, or the session's own peak, can have given in the time: the unit is in doubt."""
    energy_wh, peak_w = row["energy_wh"], row["max_power_w"]
    if energy_wh is None:
        return frozenset()
    limits = [(rated_w, charged or stay), (peak_w, charged)]
    for most_w, time in limits:
        # A minute is added for times that are rounded.
        if (
            most_w
            and time
            and energy_wh > 1.2 * most_w * ((time + timedelta(minutes=1)) / timedelta(hours=1)) + _ALLOWANCE_WH
        ):
            return frozenset({"unit_suspect"})
    return frozenset()

"""Closed, priced sessions of a time range in columns, as pricing them again wants them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import BigInteger, Connection, Select, String, cast, func, select, type_coerce

from monitor.ids import Place
from monitor.sessions.summary import BillUntil
from monitor.state.database import Database
from monitor.state.session_rows import PERIODS_SCHEMA
from monitor.state.session_tables import session_periods, sessions
from monitor.tariffs.vector.columns import KINDS, Columns, Longs

BATCH = 10_000
_FIELDS = [PERIODS_SCHEMA.get_field_index(name) for name in ("start_us", "end_us", "kind", "energy_mwh")]
_FLOW = [PERIODS_SCHEMA.get_field_index(name) for name in ("power_w", "current_a")]


@dataclass(frozen=True)
class PastSessions:
    """A batch: who and where, what they cost (millionths of the currency, None unknown), and what they had.

    `services`: as JSON text.
    """

    ids: Sequence[str]
    places: Sequence[Place]
    users: Sequence[str | None]
    groups: Sequence[str | None]
    currencies: Sequence[str]
    plug_in_us: Sequence[int]
    excl_vat_micro: Sequence[int | None]
    incl_vat_micro: Sequence[int | None]
    services: Sequence[str]
    columns: Columns


@dataclass(frozen=True)
class Selection:
    """Which sessions: start <= plug_in < end, at a site, of a user group; None: all."""

    start: datetime | None = None
    end: datetime | None = None
    site: str | None = None
    group: str | None = None


def span(database: Database, chosen: Selection) -> tuple[int, int, int] | None:
    """The first and last plug-in (epoch us) of what can be compared, and how many those are; None: nothing."""
    plugged = type_coerce(sessions.c.plug_in_us, BigInteger)
    whole: Any = select(func.min(plugged), func.max(plugged), func.count())
    with database.read() as connection:
        first, last, count = connection.execute(_comparable(whole, chosen)).one()
    return (int(first), int(last), int(count)) if count else None


def past_sessions(
    database: Database, chosen: Selection, from_us: int, to_us: int, bill_until: BillUntil, *, with_flow: bool
) -> Iterator[PastSessions]:
    """Batches of the chosen ones with from <= plug_in < to; `with_flow`: power and current are needed too."""
    names = ("plug_in_us", "started_us", "stopped_us", "plug_out_us")
    moments = [type_coerce(sessions.c[name], BigInteger) for name in names]
    plain = [
        sessions.c[name] for name in ("id", "site", "station", "connector", "user_token", "user_group", "currency")
    ]
    money = [
        sessions.c.excl_vat_micro,
        sessions.c.incl_vat_micro,
        cast(sessions.c.services, String),
        sessions.c.energy_mwh,
    ]
    asked: Select[Any] = _comparable(select(*plain, *moments, *money, session_periods.c.periods), chosen)
    plugged = type_coerce(sessions.c.plug_in_us, BigInteger)
    asked = asked.join(session_periods, session_periods.c.session == sessions.c.id, isouter=True)
    asked = asked.where(plugged >= from_us, plugged < to_us).order_by(sessions.c.plug_in_us, sessions.c.id)
    with database.read() as connection:
        for rows in _batches(connection, asked):
            yield _batch(rows, bill_until, with_flow=with_flow)


def _comparable(asked: Select[Any], chosen: Selection) -> Select[Any]:
    asked = asked.where(sessions.c.closed_us.is_not(None), sessions.c.currency.is_not(None))
    for column, value in ((sessions.c.site, chosen.site), (sessions.c.user_group, chosen.group)):
        if value is not None:
            asked = asked.where(column == value)
    if chosen.start is not None:
        asked = asked.where(sessions.c.plug_in_us >= chosen.start)
    return asked if chosen.end is None else asked.where(sessions.c.plug_in_us < chosen.end)


def _batches(connection: Connection, asked: Select[Any]) -> Iterator[list[Any]]:
    result = connection.execution_options(stream_results=True, yield_per=BATCH).execute(asked)
    yield from (list(part) for part in result.partitions(BATCH))


def _batch(rows: list[Any], bill_until: BillUntil, *, with_flow: bool) -> PastSessions:
    (ids, sites, stations, connectors, users, groups, currencies, plug_in, started, stopped, plug_out, excl_vat,
     incl_vat, services, energy, blobs) = zip(*rows, strict=True)  # fmt: skip
    begun = [one if one is not None else other for one, other in zip(started, plug_in, strict=True)]
    ends = [
        next((end for end in (stop if bill_until == "stopped" else None, out) if end is not None), None)
        for stop, out in zip(stopped, plug_out, strict=True)
    ]
    return PastSessions(
        ids, [Place(*place) for place in zip(sites, stations, connectors, strict=True)], users, groups, currencies,
        plug_in, excl_vat, incl_vat, services, _columns(begun, ends, energy, blobs, with_flow=with_flow),
    )  # fmt: skip


def _columns(
    begun: Sequence[int], ends: Sequence[int | None], energy: Sequence[int | None], blobs: Sequence[bytes | None], *,
    with_flow: bool,
) -> Columns:  # fmt: skip
    table, counts = _periods(blobs, with_flow=with_flow)
    session = np.repeat(np.arange(len(begun)), counts)
    t0, t1 = _longs(table, "start_us"), _longs(table, "end_us")
    reached = np.array(begun, np.int64)
    np.maximum.at(reached, session, t1)
    end = np.array([r if e is None else e for e, r in zip(ends, reached.tolist(), strict=True)], np.int64)
    kept = t0 < end[session]
    session, t0, t1 = session[kept], t0[kept], np.minimum(t1, end[session])[kept]
    energy_mwh = _longs(table, "energy_mwh")[kept]
    counts = np.bincount(session, minlength=len(begun))
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    told = np.bincount(session, minlength=len(begun)) > 0
    sums = np.zeros(len(begun), np.int64)
    np.add.at(sums, session, energy_mwh)
    rest = np.array([each or 0 for each in energy], np.int64) - sums
    energy_mwh[(offsets[1:] - 1)[told]] += rest[told]  # as `usage_of` does: their sum is the session's energy
    nothing = np.full(len(t0), np.nan)
    flow = [_doubles(table, name)[kept] if with_flow else nothing for name in ("power_w", "current_a")]
    kind = _kinds(table)[kept]
    return Columns(np.array(begun, np.int64), end, offsets, t0, t1, kind, energy_mwh, *flow)


def _periods(blobs: Sequence[bytes | None], *, with_flow: bool) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    # Threads cost more than they give for a few kilobytes.
    fields = sorted([*_FIELDS, *_FLOW]) if with_flow else _FIELDS
    options = pa.ipc.IpcReadOptions(use_threads=False, included_fields=fields)
    batches = [pa.ipc.open_stream(blob, options=options).read_next_batch() if blob else None for blob in blobs]
    counts = np.array([0 if batch is None else batch.num_rows for batch in batches], np.int64)
    schema = pa.schema([PERIODS_SCHEMA.field(index) for index in fields])
    return pa.Table.from_batches([batch for batch in batches if batch is not None], schema), counts


def _longs(table: pa.Table, name: str) -> Longs:
    values: Longs = table[name].to_numpy().astype(np.int64)
    return values


def _doubles(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    values: npt.NDArray[np.float64] = table[name].to_numpy().astype(np.float64)  # null is NaN
    return values


def _kinds(table: pa.Table) -> Longs:
    codes: Longs = pc.index_in(table["kind"], pa.array(KINDS)).to_numpy().astype(np.int64)
    return codes

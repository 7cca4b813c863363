"""Readings of one connector as the fold sees them: whole numbers, one class per kind, one order for all of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import pyarrow as pa

from monitor.ids import Place

Key = tuple[int, int]
"""(time_us, rank): the order in which rows are folded. Rows of one connector with the same key are the same point."""


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A sign of life of the station."""

    time_us: int
    received_us: int
    event: str
    rank: ClassVar[int] = 0


@dataclass(frozen=True, slots=True)
class StationRow:
    """A status of connector 0."""

    time_us: int
    received_us: int
    status: str
    rank: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A status of the connector itself."""

    time_us: int
    received_us: int
    status: str

    @property
    def rank(self) -> int:
        """Charging at the second of a start comes before it; Finishing and Available at the second of a stop after."""
        return 6 if self.status in {"Finishing", "Available"} else 2


TOKEN_FIELDS = ("token_type", "issuer", "contract_id", "auth_method", "auth_reference", "signed")
"""What CDRs need of who charged, beside `user`."""


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """A start or a stop. `clock_replaced`: the time is that of its arrival, because the charger's could not be.

    `token`: what is known of `TOKEN_FIELDS`, by name.
    """

    time_us: int
    received_us: int
    event: str
    session: str
    meter_mwh: int | None
    user: str | None
    group: str | None
    reason: str | None
    services: str | None
    clock_replaced: bool
    token: tuple[tuple[str, str], ...] = ()

    @property
    def rank(self) -> int:
        """At one moment: start, the values read then, stop."""
        return 3 if self.event == "start" else 5


class MeterRow(NamedTuple):
    """Meter values. `session` is empty where the charger did not say."""

    time_us: int
    received_us: int
    energy_mwh: int | None
    power_w: float | None
    offered_w: float | None
    offered_a: float | None
    current_a: float | None
    current_sum_a: float | None
    phases: int | None
    soc: float | None
    temperature_c: float | None
    session: str

    @property
    def rank(self) -> int:
        """After the start of its moment, before the stop."""
        return 4


_METER_COLUMNS = (
    "time_us", "received_us", "energy_wh", "power_w", "offered_w", "offered_a", "current_a", "current_sum_a", "phases",
    "soc", "temperature_c", "session",
)  # fmt: skip

Row = LinkRow | StationRow | StatusRow | TransactionRow | MeterRow


def key_of(row: Row) -> Key:
    """Where the row stands in the order of folding."""
    return row.time_us, row.rank


def mwh(wh: float | None) -> int | None:
    """Whole milliwatt-hours of watt-hours: sums of them are exact."""
    return None if wh is None else round(wh * 1000)


def rows_by_place(measurement: str, table: pa.Table | pa.RecordBatch) -> Iterator[tuple[Place, Row]]:
    """Each row with its place as the store names it: connector 0 for the station itself, no connector for link rows."""
    if measurement == "meter":
        yield from _meters(table)
        return
    make = _MAKERS[measurement]
    for record in _records(table):
        row = make(record)
        if row is not None:
            yield Place(record["site"], record["station"], record.get("connector")), row


def _meters(table: pa.Table | pa.RecordBatch) -> Iterator[tuple[Place, MeterRow]]:
    """The many: without a dictionary for each."""
    columns = [table.column(name).to_pylist() for name in (*Place._fields, *_METER_COLUMNS)]
    for record in zip(*columns, strict=True):
        site, station, connector, time_us, received_us, energy_wh, *numbers, phases, soc, temperature_c, session = (
            record
        )
        energy_mwh = None if energy_wh is None else round(energy_wh * 1000)
        whole_phases = None if phases is None else round(phases)
        values = (time_us, received_us, energy_mwh, *numbers, whole_phases, soc, temperature_c, session or "")
        yield Place(site, station, connector), MeterRow._make(values)


def _records(table: pa.Table | pa.RecordBatch) -> Iterable[Mapping[str, Any]]:
    names = table.schema.names
    columns = [table.column(name).to_pylist() for name in names]
    return (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))


def _status(record: Mapping[str, Any]) -> Row | None:
    if not record["status"]:
        return None
    make = StationRow if record["connector"] == "0" else StatusRow
    return make(record["time_us"], record["received_us"], record["status"])


def _transaction(record: Mapping[str, Any]) -> Row:
    return TransactionRow(
        record["time_us"],
        record["received_us"],
        record["event"],
        record["session"] or "",
        mwh(record["meter_wh"]),
        record["user"],
        record["group"],
        record["reason"],
        record["services"],
        record.get("claimed_us") is not None,
        tuple((name, text) for name in TOKEN_FIELDS if (text := record.get(name))),
    )


def _link(record: Mapping[str, Any]) -> Row:
    return LinkRow(record["time_us"], record["received_us"], record["event"] or "")


_MAKERS: Mapping[str, Callable[[Mapping[str, Any]], Row | None]] = {
    "status": _status,
    "transaction": _transaction,
    "link": _link,
}

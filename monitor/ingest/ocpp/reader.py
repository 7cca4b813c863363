"""Messages, one after the other, -> a batch of readings, what was wrong, and what nobody knows."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from monitor.ids import Place
from monitor.ingest import plain
from monitor.ingest.line_protocol import Parsed, Rejected
from monitor.ingest.meaning import Row
from monitor.ingest.ocpp import v16, v201
from monitor.ingest.ocpp.envelope import Envelope, read, values
from monitor.ingest.ocpp.hearing import Hearing
from monitor.ingest.ocpp.memory import Memory, Recall
from monitor.ingest.ocpp.messages import Answer, BadMessage, Call
from monitor.ingest.ocpp.numbering import station_place
from monitor.readings.schema import MEASUREMENTS
from monitor.readings.store import Batch
from monitor.register import Register
from monitor.units import to_us


@dataclass(frozen=True)
class Default:
    """What holds for lines that do not say themselves."""

    station: str | None = None
    site: str | None = None


class Reader:
    """Keeps the memory of all stations. Any thread may use it; messages are taken in one after the other."""

    def __init__(self, register: Callable[[], Register], recall: Recall = lambda *_: ()) -> None:
        self._register = register
        self._memory = Memory(recall)
        self._one_at_a_time = threading.Lock()

    def read(self, body: bytes, received_at: datetime, default: Default = Default()) -> Parsed:
        """Take in messages, one a line or one JSON array; those that are wrong cost the others nothing.

        Raises StoreUnavailable when a station is new and the store cannot say what is known of it.
        """
        rows: list[Row] = []
        rejected: list[Rejected] = []
        unknown: Counter[str] = Counter()
        with self._one_at_a_time:
            for number, value in values(body):
                wrong: list[str] = []
                try:
                    if isinstance(value, BadMessage):
                        raise value
                    rows += self._take(read(value), to_us(received_at), default, unknown, wrong)
                except BadMessage as error:
                    wrong.append(str(error))
                rejected += [Rejected(number, reason) for reason in wrong]
        return Parsed(Batch(_tables(rows), received_at), tuple(rejected), unknown)

    def _take(
        self, envelope: Envelope, now_us: int, default: Default, unknown: Counter[str], wrong: list[str]
    ) -> list[Row]:
        register = self._register()
        name = envelope.station or default.station
        if name is None:
            raise BadMessage("names no station")
        place = station_place(register, name, envelope.site or default.site)
        received_us = now_us if envelope.received_us is None else envelope.received_us
        heard = Hearing(place, received_us, self._memory.station(place), register, unknown, wrong=wrong)
        match envelope.message:
            case Call() as call:
                return _called(call, heard)
            case Answer(id=answered, payload=payload):
                then = heard.station.awaited.get(answered)
                return then(payload) if then else []
        return []


def _called(call: Call, heard: Hearing) -> list[Row]:
    is_new = any(mark in call.payload for mark in v201.MARKS)
    handle = (v201.HANDLERS if is_new else v16.HANDLERS).get(call.action)
    if handle is None:
        heard.unknown[f"ocpp.{call.action}"] += 1
        return []
    try:
        handle(call, heard)
    except BadMessage as error:
        # What a message gave before its wrong part is kept.
        heard.wrong.append(f"{call.action}: {error}")
    return heard.rows


def _tables(rows: Iterable[Row]) -> dict[str, pa.Table]:
    by_measurement: dict[str, list[Row]] = {}
    for row in rows:
        by_measurement.setdefault(row.measurement, []).append(row)
    return {name: _table(name, own) for name, own in by_measurement.items()}


def _table(name: str, rows: list[Row]) -> pa.Table:
    present = {column for row in rows for column, value in row.columns.items() if value is not None}
    kinds = {**plain.column_types(MEASUREMENTS[name]), "received_us": pa.int64()}
    return pa.table(
        {
            column: pa.array([row.columns.get(column) for row in rows], kind)
            for column, kind in kinds.items()
            if column in present
        }
    )


def recall_from(scan: Callable[[str, Place], Iterable[pa.RecordBatch]]) -> Recall:
    """The memory's beginning from a store: `scan` gives the newest rows of a measurement and station, newest first."""
    return lambda measurement, place: [row for batch in scan(measurement, place) for row in batch.to_pylist()]

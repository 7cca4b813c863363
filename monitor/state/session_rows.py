"""A session as a row of `sessions` and a blob of periods, and back."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from monitor.ids import Place
from monitor.sessions.first_energy import first_kwh
from monitor.sessions.model import Diagnosis, Period, Session
from monitor.tariffs.codec import bill_from_json, bill_to_json
from monitor.units import from_us, to_us

PERIODS_SCHEMA = pa.schema(
    [
        ("start_us", pa.int64()),
        ("end_us", pa.int64()),
        ("kind", pa.string()),
        ("reason", pa.string()),
        ("energy_mwh", pa.int64()),
        ("power_w", pa.float64()),
        ("current_a", pa.float64()),
        ("soc", pa.float64()),
    ]
)
_MICROSECOND = timedelta(microseconds=1)
_TIMES = ("plug_in_us", "started_us", "stopped_us", "plug_out_us", "closed_us")


def row_of(session: Session) -> dict[str, Any]:
    """The columns of `session_tables.sessions`."""
    bill = session.bill
    return {
        "id": session.id,
        "site": session.place.site,
        "station": session.place.station or "",
        "connector": session.place.connector or "",
        "transaction_id": session.transaction,
        "plug_in_us": session.plug_in,
        "started_us": session.started,
        "stopped_us": session.stopped,
        "plug_out_us": session.plug_out,
        "closed_us": session.closed_at,
        "user_token": session.user,
        "user_group": session.group,
        "stop_reason": session.stop_reason,
        "energy_mwh": _milli(session.energy_wh),
        "register_start_mwh": _milli(session.register_start_wh),
        "register_stop_mwh": _milli(session.register_stop_wh),
        "integrated_mwh": _milli(session.integrated_wh),
        "charging_us": session.charging_time // _MICROSECOND,
        "idle_us": session.idle_time // _MICROSECOND,
        "average_power_w": session.average_power_w,
        "peak_power_w": session.peak_power_w,
        "soc_in": session.soc_in,
        "soc_out": session.soc_out,
        "phases": session.phases,
        "first_kwh_us": None if (first := first_kwh(session)) is None else first // _MICROSECOND,
        "flags": sorted(session.flags),
        "diagnosis": _diagnosis_to_json(session.diagnosis),
        "services": [dict(service) for service in session.services],
        "details": dict(session.details),
        "state": session.state,
        "tariff": bill.tariff_id if bill else None,
        "tariff_reason": session.tariff_reason,
        "currency": bill.currency if bill else None,
        "excl_vat_micro": _micro(bill.total.excl_vat) if bill else None,
        "incl_vat_micro": _micro(bill.total.incl_vat) if bill else None,
        "bill": bill_to_json(bill) if bill else None,
    }


def session_of(row: Mapping[Any, Any], periods: tuple[Period, ...] = ()) -> Session:
    """The session of a row."""
    return Session(
        id=row["id"],
        place=Place(row["site"], row["station"], row["connector"]),
        transaction=row["transaction_id"],
        plug_in=row["plug_in_us"],
        started=row["started_us"],
        stopped=row["stopped_us"],
        plug_out=row["plug_out_us"],
        closed_at=row["closed_us"],
        user=row["user_token"],
        group=row["user_group"],
        stop_reason=row["stop_reason"],
        energy_wh=_whole(row["energy_mwh"]),
        register_start_wh=_whole(row["register_start_mwh"]),
        register_stop_wh=_whole(row["register_stop_mwh"]),
        integrated_wh=_whole(row["integrated_mwh"]),
        charging_time=row["charging_us"] * _MICROSECOND,
        idle_time=row["idle_us"] * _MICROSECOND,
        average_power_w=row["average_power_w"],
        peak_power_w=row["peak_power_w"],
        soc_in=row["soc_in"],
        soc_out=row["soc_out"],
        phases=row["phases"],
        flags=frozenset(row["flags"]),
        diagnosis=_diagnosis_of(row["diagnosis"]),
        state=row["state"],
        periods=periods,
        services=tuple(row["services"]),
        bill=bill_from_json(row["bill"]) if row["bill"] else None,
        tariff_reason=row["tariff_reason"],
        details=row["details"],
    )


def _diagnosis_to_json(diagnosis: Diagnosis | None) -> dict[str, Any] | None:
    if diagnosis is None:
        return None
    return {"code": diagnosis.code, "text": dict(diagnosis.text), "evidence": dict(diagnosis.evidence)}


def _diagnosis_of(found: Mapping[str, Any] | None) -> Diagnosis | None:
    # Sessions of versions before evidence was kept have none.
    return Diagnosis(found["code"], found["text"], found.get("evidence", {})) if found else None


def untimed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON can hold it: moments as epoch microseconds."""
    return {name: to_us(value) if name in _TIMES and value is not None else value for name, value in row.items()}


def timed(summary: Mapping[str, Any]) -> dict[str, Any]:
    """A version's summary with its moments as datetimes, as a row of `sessions` has them."""
    return {name: _moment(value) if name in _TIMES else value for name, value in summary.items()}


def periods_to_blob(periods: Sequence[Period]) -> bytes:
    """Periods as one Arrow IPC stream, lz4 inside: zstd is 16 % smaller and four times as slow to read a million of."""
    if not periods:
        return b""
    columns = {
        "start_us": [to_us(period.start) for period in periods],
        "end_us": [to_us(period.end) for period in periods],
        "kind": [period.kind for period in periods],
        "reason": [period.reason for period in periods],
        "energy_mwh": [_milli(period.energy_wh) for period in periods],
        "power_w": [period.power_w for period in periods],
        "current_a": [period.current_a for period in periods],
        "soc": [period.soc for period in periods],
    }
    arrays = [pa.array(columns[field.name], field.type) for field in PERIODS_SCHEMA]
    batch = pa.record_batch(arrays, schema=PERIODS_SCHEMA)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, PERIODS_SCHEMA, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_batch(batch)
    blob: bytes = sink.getvalue().to_pybytes()
    return blob


def periods_from_blob(blob: bytes) -> tuple[Period, ...]:
    """The periods back, equal to what was written."""
    if not blob:
        return ()
    with pa.ipc.open_stream(blob) as reader:
        columns = [column.to_pylist() for column in reader.read_all().columns]
    return tuple(
        Period(from_us(start), from_us(end), kind, reason, energy / 1000, power, current, soc)
        for start, end, kind, reason, energy, power, current, soc in zip(*columns, strict=True)
    )


def _milli(value: float | None) -> int | None:
    return None if value is None else round(value * 1000)


def _whole(milli: int | None) -> float | None:
    return None if milli is None else milli / 1000


def _micro(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount.scaleb(6).to_integral_value())


def _moment(epoch_us: int | None) -> datetime | None:
    return None if epoch_us is None else from_us(epoch_us)

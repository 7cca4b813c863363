"""Reconstructed curves of real DC sessions as what their charger would have said over OCPP 1.6, one visit each.

A charger is a station with one connector; the plugs CCS1 and CCS2 become two of them. The register goes on from visit
to visit, as a lifetime register does.
"""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

LIFETIME_WH = 1_234_568
PREPARING = timedelta(seconds=50)
AFTER_STOP = timedelta(minutes=4)
"""How long the car stays after the stop, less where the next one comes sooner."""

Payload = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """A message of the charger: when it spoke of, what, and when it was heard where that is another time."""

    at: datetime
    action: str
    payload: Payload
    heard: datetime | None = None
    answer: Payload | None = None

    @property
    def heard_at(self) -> datetime:
        """When the message came."""
        return self.heard or self.at


@dataclass(frozen=True)
class Visit:
    """What happened, as it was: energies in Wh since the start, and the register in whole Wh then.

    `gone`: when the car left; `until`: up to when the connector was free then.
    """

    number: int
    station: str
    transaction: int
    register_wh: int
    minutes: tuple[datetime, ...]
    power_w: tuple[float, ...]
    energy_wh: tuple[float, ...]
    soc: tuple[float, ...]
    gone: datetime
    until: datetime
    said: tuple[Said, ...] = field(default=(), compare=False)

    @property
    def name(self) -> str:
        """The station and its how-manieth visit."""
        return f"{self.station}/{self.number}"

    @property
    def started(self) -> datetime:
        """When the transaction began: a second before the first reading."""
        return self.minutes[0] - timedelta(seconds=1)

    @property
    def stopped(self) -> datetime:
        """When the transaction ended: a second after the last reading."""
        return self.minutes[-1] + timedelta(seconds=1)

    @property
    def stop_wh(self) -> int:
        """The register at the end, in whole Wh as OCPP 1.6 wants it."""
        return self.register_wh + round(self.energy_wh[-1])


def visits(path: Path, every: int = 1) -> list[Visit]:
    """Every n-th session of `reconstructed_1min.csv.gz`, each with what its charger says when nothing is wrong."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        curves = [list(rows) for _, rows in groupby(csv.DictReader(lines), key=lambda row: row["session"])]
    chosen = sorted(curves[::every], key=lambda rows: rows[0]["timestamp"])
    return [visit for plug in ("CCS1", "CCS2") for visit in _of_plug([c for c in chosen if c[0]["plug"] == plug])]


def _of_plug(curves: list[list[dict[str, str]]]) -> Iterator[Visit]:
    register = LIFETIME_WH
    for number, rows in enumerate(curves):
        ends = _time(rows[-1])
        last = number + 1 == len(curves)
        until = ends + timedelta(days=1) if last else _time(curves[number + 1][0]) - 2 * PREPARING
        visit = Visit(
            number=number,
            station=rows[0]["plug"].lower(),
            transaction=number + 101,
            register_wh=register,
            minutes=tuple(_time(row) for row in rows),
            power_w=tuple(float(row["power_w"]) for row in rows),
            energy_wh=tuple(float(row["energy_wh"]) for row in rows),
            soc=tuple(float(row["soc_pct"]) for row in rows),
            gone=min(ends + AFTER_STOP, until),
            until=until,
        )
        if visit.gone <= visit.stopped:
            continue  # two curves of one plug that overlap: no charger can have said that
        register = visit.stop_wh
        yield replace(visit, said=tuple(_as_said(visit)))


def _time(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC)


def _as_said(visit: Visit) -> Iterator[Said]:
    yield status(visit.started - PREPARING, "Preparing")
    yield start(visit.started, visit.register_wh, visit.transaction)
    yield status(visit.started, "Charging")
    for at, power, energy, soc in zip(visit.minutes, visit.power_w, visit.energy_wh, visit.soc, strict=True):
        values = [energy_of(visit.register_wh + energy), power_of(power), percent_of(soc)]
        yield meter(at, values, visit.transaction)
    yield stop(visit.stopped, visit.stop_wh, visit.transaction)
    yield status(visit.stopped, "Finishing")
    yield status(visit.gone, "Available")


def stamp(at: datetime) -> str:
    """A time as OCPP writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def status(at: datetime, name: str) -> Said:
    """A status of the connector."""
    return Said(
        at,
        "StatusNotification",
        {"connectorId": 1, "status": name, "errorCode": "NoError", "timestamp": stamp(at)},
    )


def start(at: datetime, register_wh: float, transaction: int) -> Said:
    """A start, with the answer that gives it its id."""
    payload = {"connectorId": 1, "idTag": "A1", "meterStart": register_wh, "timestamp": stamp(at)}
    answer = {"transactionId": transaction, "idTagInfo": {"status": "Accepted"}}
    return Said(at, "StartTransaction", payload, answer=answer)


def stop(at: datetime, register_wh: float, transaction: int) -> Said:
    """A stop."""
    payload = {"transactionId": transaction, "meterStop": register_wh, "timestamp": stamp(at), "reason": "Remote"}
    return Said(at, "StopTransaction", payload)


def meter(at: datetime, values: list[Payload], transaction: int) -> Said:
    """Meter values of one moment."""
    bucket = {"timestamp": stamp(at), "sampledValue": values}
    return Said(at, "MeterValues", {"connectorId": 1, "transactionId": transaction, "meterValue": [bucket]})


def energy_of(wh: float) -> Payload:
    """A register value."""
    return {"value": f"{wh:.1f}", "measurand": "Energy.Active.Import.Register", "unit": "Wh"}


def power_of(watts: float) -> Payload:
    """A power value."""
    return {"value": f"{watts:.0f}", "measurand": "Power.Active.Import", "unit": "W"}


def percent_of(soc: float) -> Payload:
    """A state of charge."""
    return {"value": f"{soc:.1f}", "measurand": "SoC", "unit": "Percent"}

"""Sessions in a short notation, and OCPI's JSON as our values."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from monitor import documents
from monitor.tariffs.model import Usage, UsagePeriod
from monitor.tariffs.ocpi import Tariff

type_of_volume = {"TIME": "charging", "PARKING_TIME": "parking", "RESERVATION_TIME": "reservation"}


@pytest.fixture(scope="session")
def read_tariff() -> Callable[[Path], Tariff]:
    def read(path: Path) -> Tariff:
        return documents.validate(documents.read(path, name=path.name), Tariff)

    return read


@pytest.fixture(scope="session")
def tariff() -> Callable[[str], Tariff]:
    """A tariff from YAML; id and currency are added."""

    def make(elements: str, head: str = "") -> Tariff:
        text = f"id: t\ncurrency: SEK\n{head}\nelements:\n" + "\n".join(f"  {line}" for line in elements.splitlines())
        return documents.validate(documents.parse(text, "test.yaml"), Tariff)

    return make


@pytest.fixture(scope="session")
def session() -> Callable[..., Usage]:
    """A usage from its start and (kind, minutes, kWh[, kW[, A]]) in a row."""

    def make(start: datetime, *steps: tuple[Any, ...]) -> Usage:
        periods, at = [], start
        for kind, minutes, kwh, *flow in steps:
            end = at + timedelta(minutes=float(minutes))
            power = Decimal(str(flow[0])) * 1000 if flow and flow[0] is not None else None
            current = Decimal(str(flow[1])) if len(flow) > 1 else None
            periods.append(UsagePeriod(at, end, kind, Decimal(str(kwh)) * 1000, power, current))
            at = end
        return Usage(start, at, tuple(periods))

    return make


@pytest.fixture(scope="session")
def read_cdr() -> Callable[[Path], tuple[Usage, dict[str, Any]]]:
    """The charging periods of a CDR, with the volumes that it states, and the CDR itself."""

    def read(path: Path) -> tuple[Usage, dict[str, Any]]:
        cdr = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        starts = [datetime.fromisoformat(period["start_date_time"]) for period in cdr["charging_periods"]]
        ends = [*starts[1:], datetime.fromisoformat(cdr["end_date_time"])]
        periods = []
        for start, end, period in zip(starts, ends, cdr["charging_periods"], strict=True):
            volumes = {dimension["type"]: Decimal(dimension["volume"]) for dimension in period["dimensions"]}
            timed = [name for name in type_of_volume if name in volumes]
            kind: Any = type_of_volume[timed[0]] if timed else "neither"
            hours = volumes[timed[0]] if timed else None
            energy = volumes.get("ENERGY", Decimal(0)) * 1000
            periods.append(UsagePeriod(start, end, kind, energy, time_s=None if hours is None else hours * 3600))
        return Usage(starts[0].astimezone(UTC), ends[-1].astimezone(UTC), tuple(periods)), cdr

    return read

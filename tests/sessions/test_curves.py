"""Reconstructed minute curves of real DC sessions, played clean through the real store with a restart on the way."""

import csv
import gzip
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import pytest

from monitor.ids import Place
from monitor.register import Register, RegisterFile
from monitor.sessions.billing import review_reasons

LIFETIME_WH = 1_234_567.8
SAMPLE = 100


@pytest.fixture(scope="module")
def curves(shared: Path) -> dict[str, list[dict[str, str]]]:
    """A hundred sessions spread over the whole file, by their number."""
    with gzip.open(shared / "data/dc_sessions/reconstructed_1min.csv.gz", "rt", encoding="utf-8") as lines:
        sessions = {name: list(rows) for name, rows in groupby(csv.DictReader(lines), key=lambda row: row["session"])}
    return dict(islice(sessions.items(), 0, None, len(sessions) // SAMPLE))


def said(new_charger: Any, place: Place, curve: list[dict[str, str]]) -> Any:
    end, last = len(curve), LIFETIME_WH + float(curve[-1]["energy_wh"])
    charger = new_charger(place).status(0, "Preparing").start(0.98, LIFETIME_WH).status(0.99, "Charging")
    for minute, row in enumerate(curve, start=1):
        charger.meter(
            minute, LIFETIME_WH + float(row["energy_wh"]), float(row["power_w"]) / 1000, soc=float(row["soc_pct"])
        )
    return charger.stop(end, last).status(end, "Finishing").status(end + 5, "Available")


def test_clean_curves_come_out_as_they_went_in(new_charger: Any, new_depot: Any, curves: Any, tmp_path: Path) -> None:
    stations = {name: {"connectors": {"1": {"current": "DC", "rated": "172.5 kW"}}} for name in curves}
    register = Register(RegisterFile.model_validate({"sites": {"s": {"stations": stations}}}))
    chargers = [said(new_charger, Place("s", name, "1"), curve) for name, curve in curves.items()]
    with new_depot(tmp_path) as depot:
        depot.register = register
        depot.assembler.use(register)
        for minute in ticks(depot, chargers):
            depot.read(minute)
            if 20 <= minute < 24:
                depot.restart()
        sessions = depot.read(5_000)
    assert len(sessions) == len(curves) >= SAMPLE
    for session in sessions:
        curve = curves[session.place.station]
        energy_wh = float(curve[-1]["energy_wh"])
        assert session.energy_wh == pytest.approx(energy_wh, abs=0.01), session.place
        assert sum(round(p.energy_wh * 1000) for p in session.periods) == round(session.energy_wh * 1000)
        assert session.integrated_wh == pytest.approx(energy_wh, rel=0.05, abs=50)
        assert (session.soc_in, session.soc_out) == (float(curve[0]["soc_pct"]), float(curve[-1]["soc_pct"]))
        assert session.charging_time == timedelta(minutes=len(curve) - 0.99)
        assert session.closed_at is not None
        assert session.flags == frozenset()
        assert list(review_reasons(session)) == []


def ticks(depot: Any, chargers: list[Any]) -> Iterator[float]:
    """Write what was said in four minutes at a time; yields the minute reached."""
    rows = sorted((row for charger in chargers for row in charger.rows), key=lambda row: row.minute)
    for window, some in groupby(rows, key=lambda row: row.minute // 4):
        depot.write_rows(list(some))
        yield window * 4 + 4

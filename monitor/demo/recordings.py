"""The recorded sessions that the demo replays. `sessions/SOURCES.md` says what of them was measured."""

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from itertools import groupby
from typing import Literal

from monitor.demo.curves import Curve

VOLTS = 230
"""Between a phase and neutral."""


@dataclass(frozen=True)
class DcRecording:
    """One fast-charging session. `arrival_s`: seconds since local midnight; the curve is reconstructed."""

    session: str
    arrival_s: int
    curve: Curve
    current: Literal["DC"] = "DC"

    @property
    def stay_s(self) -> int:
        """How long the car charged."""
        return self.curve.duration_s


@dataclass(frozen=True)
class AcRecording:
    """One visit to an AC outlet: when it came, how long it stayed (s), what it got. Its curve was not recorded."""

    session: str
    arrival_s: int
    stay_s: int
    energy_wh: float
    current: Literal["AC"] = "AC"


@dataclass(frozen=True)
class Vehicle:
    """What a car's on-board charger takes: `amps` on each of `phases`."""

    name: str
    phases: int
    amps: float

    @property
    def power_w(self) -> float:
        """Its full power."""
        return self.phases * self.amps * VOLTS


@dataclass(frozen=True)
class Recordings:
    """Everything in `sessions/`."""

    dc: tuple[DcRecording, ...]
    ac: tuple[AcRecording, ...]
    vehicles: tuple[Vehicle, ...]

    @property
    def sessions(self) -> tuple[DcRecording | AcRecording, ...]:
        """All sessions."""
        return (*self.dc, *self.ac)


def load() -> Recordings:
    """Read the files that come with the package."""
    return Recordings(
        dc=tuple(_dc_recording(session, list(rows)) for session, rows in groupby(_rows("dc_reconstructed"), _session)),
        ac=tuple(_ac_recording(row) for row in _rows("ac_sessions")),
        vehicles=tuple(_vehicle(row) for row in _rows("vehicles")),
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    packed = files("monitor.demo").joinpath("sessions", f"{name}.csv.gz").read_bytes()
    return csv.DictReader(io.StringIO(gzip.decompress(packed).decode()))


def _session(row: dict[str, str]) -> str:
    return row["session"]


def _seconds_of_day(moment: datetime) -> int:
    # The wall clock where it was recorded, whatever the zone: people charge by the hour of their day.
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _dc_recording(session: str, rows: list[dict[str, str]]) -> DcRecording:
    curve = Curve(
        power_w=tuple(float(row["power_w"]) for row in rows),
        energy_wh=tuple(float(row["energy_wh"]) for row in rows),
        soc=tuple(float(row["soc_pct"]) for row in rows),
    )
    return DcRecording(session, _seconds_of_day(datetime.fromisoformat(rows[0]["timestamp"])), curve)


def _ac_recording(row: dict[str, str]) -> AcRecording:
    arrival, departure = datetime.fromisoformat(row["arrival"]), datetime.fromisoformat(row["departure"])
    stay_s = round((departure - arrival).total_seconds())
    return AcRecording(row["session"], _seconds_of_day(arrival), stay_s, float(row["delivered_kwh"]) * 1000)


def _vehicle(row: dict[str, str]) -> Vehicle:
    phases, power_w = int(row["phases"]), float(row["max_kw"]) * 1000
    # The catalogue rounds 16 A on three phases (11.04 kW) to 11: whole amperes are what a car asks for.
    return Vehicle(row["vehicle"], phases, max(6.0, float(round(power_w / VOLTS / phases))))

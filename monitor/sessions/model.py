"""A session as the rest of the service sees it. Values are frozen; a changed session is a new value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from monitor.ids import Place
from monitor.tariffs.model import Bill, UsageKind

Flag = Literal[
    "register_reset",
    "register_jump",
    "clock_skew",
    "gap",
    "late",
    "no_stop",
    "unit_suspect",
    "negative",
    "duplicate_stop",
]
REVIEW_FLAGS: frozenset[Flag] = frozenset({"register_jump", "clock_skew", "unit_suspect"})
"""Flags after which the energy or the times cannot be trusted: a person has to look before a bill goes out."""

BillingState = Literal["open", "review", "priced", "sealed", "credited", "written_off"]
DiagnosisCode = Literal[
    "vehicle_limited", "tapering", "load_managed", "shared", "cold", "charger_suspect", "too_little_data"
]


@dataclass(frozen=True)
class Period:
    """A stretch of a session in one class. `reason` is the status (or its absence) that made the class."""

    start: datetime
    end: datetime
    kind: UsageKind
    reason: str
    energy_wh: float
    power_w: float | None
    current_a: float | None
    soc: float | None = None


@dataclass(frozen=True)
class Diagnosis:
    """Why a session was slow, with the evidence in words per language, and in numbers (W, percent, °C) by name."""

    code: DiagnosisCode
    text: Mapping[str, str]
    evidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Session:
    """One visit of one car. Times are aware UTC, None while not known. Missing is None, never 0.

    `id` is ours and stable: made of connector, the charger's transaction id and `started`.
    """

    id: str
    place: Place
    transaction: str
    plug_in: datetime
    started: datetime | None
    stopped: datetime | None
    plug_out: datetime | None
    closed_at: datetime | None
    user: str | None
    group: str | None
    stop_reason: str | None
    energy_wh: float | None
    register_start_wh: float | None
    register_stop_wh: float | None
    integrated_wh: float | None
    charging_time: timedelta
    idle_time: timedelta
    average_power_w: float | None
    peak_power_w: float | None
    soc_in: float | None
    soc_out: float | None
    phases: int | None
    flags: frozenset[Flag]
    diagnosis: Diagnosis | None
    state: BillingState
    periods: tuple[Period, ...] = ()
    services: tuple[Mapping[str, str], ...] = ()
    bill: Bill | None = None
    tariff_reason: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def began(self) -> datetime:
        """When charging began; of a visit of which only the stop is known, that. Part of `id`."""
        return self.started or self.stopped or self.plug_in

    @property
    def under_way(self) -> bool:
        """Whether the car is still there as far as the readings say."""
        return self.plug_out is None

    @property
    def needs_review(self) -> bool:
        """Whether a person has to decide before this is billed."""
        return self.state == "review"

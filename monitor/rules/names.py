"""The one table of names: what type checker, compiler, messages and docs/rules.md know about each of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from monitor.ids import SOURCES
from monitor.readings.schema import METER, STATUS, STATUSES
from monitor.units import Dimension

Subject = Literal["connector", "station", "site", "source"]
SUBJECTS: tuple[Subject, ...] = ("connector", "station", "site", "source")
POOLS = ("AC", "DC")
"""What a car can need: a free AC plug does not help a car that needs DC."""


@dataclass(frozen=True)
class Source:
    """Where a name's readings are: window functions read this column, whole numbers in `unit` / `scale`."""

    measurement: Literal["meter", "status"]
    column: str
    scale: int


@dataclass(frozen=True)
class Name:
    """One name: what it means, its dimension (values are in the base unit), the range of values it can have.

    `column` is its column in the frame. `source` is set for readings, which windows may look back on. `choices` are
    the only texts it can be. `pool`: it is written with a pool, `available(DC)`. `is_list`: of texts, for `in`.
    """

    name: str
    subjects: frozenset[Subject]
    dimension: Dimension
    meaning: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    source: Source | None = None
    pool: bool = False
    is_list: bool = False

    @property
    def column(self) -> str:
        """The column in the frame; of a name with a pool see `pool_column`."""
        return self.name

    def pool_column(self, pool: str) -> str:
        """The column of `name(pool)`."""
        return f"{self.name}_{pool.lower()}"


CONNECTOR: frozenset[Subject] = frozenset({"connector"})
PLACES: frozenset[Subject] = frozenset({"station", "site"})
ALL: frozenset[Subject] = CONNECTOR | PLACES
SOURCE: frozenset[Subject] = frozenset({"source"})


def _meter(name: str, dimension: Dimension, meaning: str, low: float | None = None, high: float | None = None) -> Name:
    field = METER.field(name)
    assert field is not None
    return Name(name, CONNECTOR, dimension, meaning, low, high, source=Source("meter", field.column, field.scale))


def _status(name: str, meaning: str, choices: tuple[str, ...] = ()) -> Name:
    field = STATUS.field(name)
    assert field is not None
    return Name(name, CONNECTOR, "text", meaning, choices=choices, source=Source("status", field.column, 1))


def _of_connector(
    name: str, dimension: Dimension, meaning: str, low: float | None = None, choices: tuple[str, ...] = ()
) -> Name:
    return Name(name, CONNECTOR, dimension, meaning, low, choices=choices)


def _counted(name: str, meaning: str) -> Name:
    return Name(name, PLACES, "count", meaning, 0, pool=True)


TAKEN_STATUSES = ("Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Reserved")
"""Statuses in which nobody else can charge there, though it works."""

LONGEST_WAIT_S = 3600
"""No wait is estimated longer than this: beyond it cars drive on."""

DELIVERED_WH = 100
"""From this energy on a session has delivered: less is a car that was not served."""

EXPECTED_BY = ("rating", "offer", "share", "phases", "peak", "taper")
"""Which bound made `expected_w`, from the first that is equally low."""

SESSION_FLAGS = (
    "duplicate_stop", "no_stop", "register_reset", "register_jump", "negative", "clock_skew", "unit_suspect", "late",
    "gap",
)  # fmt: skip
"""What can be noted of a session (monitor.sessions.model.Flag, to which a test compares it)."""

NAMES: tuple[Name, ...] = (
    Name("site", ALL, "text", "key of the site"),
    Name("station", frozenset({"connector", "station"}), "text", "key of the station"),
    _of_connector("connector", "text", "key of the connector"),
    _meter("power_w", "power", "last power reading of this session; negative while a bidirectional connector feeds in"),
    _meter("energy_wh", "energy", "last register reading", 0),
    _meter("offered_w", "power", "power the charger last offered the car", 0),
    _meter("offered_a", "current", "current per phase the charger last offered the car", 0),
    _meter("current_a", "current", "last current of the largest phase"),
    _meter("current_sum_a", "current", "last current of all phases together"),
    _meter("voltage_v", "voltage", "last voltage of the lowest phase", 0),
    _meter("phases", "count", "phases that carried current at the last reading", 0, 3),
    _meter("soc", "share", "last state of charge of this session's car", 0, 100),
    _meter("temperature_c", "temperature", "last temperature reading", -100, 300),
    _of_connector("reading_age", "time", "time since the last meter reading of this session", 0),
    _status("status", "OCPP 1.6 status; missing while offline and until confirmed after an offline gap", STATUSES),
    _of_connector("status_for", "time", "how long the status has had this value", 0),
    _status("error_code", "error code of the last status"),
    _status("vendor_code", "the vendor's own error code of the last status"),
    Name(
        "online",
        frozenset({"connector", "station"}),
        "truth",
        "whether the station was heard from within its offline_after; missing when that cannot be told",
    ),
    Name(
        "silent_for",
        frozenset({"connector", "station"}),
        "time",
        "time since anything was heard from the station",
        0,
    ),
    _of_connector("rated_w", "power", "rating in the register", 0),
    Name("rated_phases", CONNECTOR, "count", "phases in the register", 1, 3),
    _of_connector("current", "text", "AC or DC, from the register", choices=POOLS),
    _of_connector("session_age", "time", "time since the session under way started", 0),
    _of_connector("session_peak_w", "power", "highest power of the session under way", 0),
    _of_connector("session_energy_wh", "energy", "energy of the session under way", 0),
    _of_connector("idle_for", "time", "how long the car has not been asking for power; 0 while it is", 0),
    Name(
        "session_flags",
        CONNECTOR,
        "text",
        "flags of the session under way, for `in`",
        choices=SESSION_FLAGS,
        is_list=True,
    ),
    _of_connector("usual_power_w", "power", "median power of this connector's sessions 11 to 60 back", 0),
    Name("slow_share_10", CONNECTOR, "share", "how many of its last ten sessions were slow", 0, 100),
    Name("failed_share_10", CONNECTOR, "share", "how many of its last ten sessions failed", 0, 100),
    _of_connector("users_10", "count", "different users of its last ten sessions", 0),
    _of_connector("since_delivered", "time", "time since its last session that delivered; 0 while one does", 0),
    _of_connector("usual_gap", "time", "median time from one session that delivered to the next", 0),
    _of_connector("last_stop_reason", "text", "why its last finished session stopped"),
    _of_connector("expected_w", "power", "what this connector should give this car now; missing without a session", 0),
    _of_connector("expected_by", "text", "which bound made expected_w", choices=EXPECTED_BY),
    Name("power_w", PLACES, "power", "power of all connectors; missing when one with a session gives none"),
    _counted("connectors", "EVSEs of the pool"),
    _counted("in_use", "EVSEs of the pool that are taken"),
    _counted("available", "EVSEs of the pool that a car could use now"),
    _counted("faulted", "EVSEs of the pool that are Faulted"),
    _counted("offline", "EVSEs of the pool whose station is offline"),
    Name("full_for", PLACES, "time", "how long every working EVSE of the pool has been taken; else 0", 0, pool=True),
    _counted("arrivals_1h", "cars that came to the pool within the last hour"),
    Name(
        "wait_estimate",
        PLACES,
        "time",
        "how long a car that comes now would wait on average, by load and arrivals of the last hour (Erlang C)",
        0,
        LONGEST_WAIT_S,
        pool=True,
    ),
    Name("source", SOURCE, "text", "which part of the service", choices=SOURCES),
    Name("reachable", SOURCE, "truth", "whether the readings store (`store`) answered this tick"),
    Name("silent", SOURCE, "truth", "`store`: whether all stations (three or more) have fallen silent at once"),
    Name("lag", SOURCE, "time", "`store`: time since the newest row of any station; missing before the first", 0),
    Name("rows_1m", SOURCE, "count", "`store`: rows of the last minute; missing while it is away", 0),
    Name("last_tick_age", SOURCE, "time", "`evaluation`: time since the tick before this one", 0),
    Name("oldest_message_age", SOURCE, "time", "`mail`: how long the oldest message has waited; 0 when none does", 0),
    Name(
        "unbilled_age",
        SOURCE,
        "time",
        "`billing`: time since the oldest session closed that is in review or has no price; else 0",
        0,
    ),
)

_BY_SUBJECT = {subject: {n.name: n for n in NAMES if subject in n.subjects} for subject in SUBJECTS}


def find(name: str, subject: Subject) -> Name | None:
    """The name as rules on `subject` know it."""
    return _BY_SUBJECT[subject].get(name)


def known(subject: Subject) -> Iterable[str]:
    """Every name that rules on `subject` know."""
    return _BY_SUBJECT[subject]

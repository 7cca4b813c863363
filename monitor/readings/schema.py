"""The four measurements, as they come over the wire and as they are stored.

A stored number is a whole number (`round(value * scale)`, BIGINT): sums of integers do not depend on the order in
which threads add them, so a tick and a backtest of the same rows give the same answer. The stored column carries the
stored unit in its name (`power_w` -> `power_mw`, milliwatts).
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "text"]

STATUSES = (
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEV",
    "SuspendedEVSE",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
)
"""OCPP 1.6's nine. Offline is derived, never stored."""

LINK_EVENTS = ("heartbeat", "boot", "connected", "disconnected")
TRANSACTION_EVENTS = ("start", "stop")


@dataclass(frozen=True)
class Field:
    """One field: its wire name (unit in it), its stored column, and wire value x scale = stored whole number."""

    name: str
    kind: Kind
    column: str
    scale: int = 1
    unit: str = ""

    @property
    def largest(self) -> float:
        """The largest number, in wire units, that can be stored: beyond 2**53 a double skips whole numbers."""
        return 2.0**53 / self.scale


def _number(name: str, column: str, scale: int, unit: str) -> Field:
    return Field(name, "number", column, scale, unit)


def _texts(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, "text", name) for name in names)


@dataclass(frozen=True)
class Measurement:
    """One measurement: `tags` beside site and station, and its fields."""

    name: str
    tags: tuple[str, ...]
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """The field of that wire name, None when the measurement has no such field."""
        return next((field for field in self.fields if field.name == name), None)


METER = Measurement(
    "meter",
    ("connector",),
    (
        _number("power_w", "power_mw", 1000, "W"),
        _number("energy_wh", "energy_mwh", 1000, "Wh"),
        _number("offered_w", "offered_mw", 1000, "W"),
        _number("offered_a", "offered_ma", 1000, "A"),
        _number("current_a", "current_ma", 1000, "A"),
        _number("current_sum_a", "current_sum_ma", 1000, "A"),
        _number("voltage_v", "voltage_mv", 1000, "V"),
        _number("phases", "phases", 1, ""),
        _number("soc", "soc_mpct", 1000, "%"),
        _number("temperature_c", "temperature_mc", 1000, "C"),
        *_texts("session"),
    ),
)
STATUS = Measurement("status", ("connector",), _texts("status", "error_code", "vendor_code", "info"))
TRANSACTION = Measurement(
    "transaction",
    ("connector", "event"),
    (
        *_texts("session", "user"),
        _number("meter_wh", "meter_mwh", 1000, "Wh"),
        *_texts(
            "reason",
            "group",
            "services",
            "token_type",
            "issuer",
            "contract_id",
            "auth_method",
            "auth_reference",
            "signed",
        ),
    ),
)
LINK = Measurement(
    "link",
    (),
    (
        *_texts("event"),
        _number("interval_s", "interval_ms", 1000, "s"),
        *_texts("vendor", "model", "firmware"),
    ),
)
MEASUREMENTS = {measurement.name: measurement for measurement in (METER, STATUS, TRANSACTION, LINK)}
IDENTITY = ("user", "issuer", "contract_id", "auth_reference", "signed")
"""Fields of a transaction that lead to a person; a signed meter value carries the token of whoever started it."""
NAMES_OF_USERS = ("user", "contract_id", "auth_reference")
"""Fields by whose value somebody can be asked for. Only `user` is hashed: partners bill by the others, word for word. A
contract leads to all rows of its cards."""
CLOCK_STANDS_IN = ("transaction", "link")
"""Measurements whose rows are never rejected for their clock: `received_at` stands in for a time that cannot be, and
what the charger claimed is kept beside the row in `claimed_us` (epoch microseconds, null where it was believed)."""

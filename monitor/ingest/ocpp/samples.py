"""Sampled values of OCPP 1.6 and 2.0.1, with the defaults of the standard, in base units (W, Wh, A, V, %, Celsius)."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.ingest.ocpp.messages import LARGEST, BadMessage, Payload, clean, part

ENERGY = "Energy.Active.Import.Register"
"""What a sampled value without a measurand is."""
PERIODIC = "Sample.Periodic"
OUTLET = "Outlet"

DIMENSIONS = {
    ENERGY: "energy",
    "Power.Active.Import": "power",
    "Power.Active.Export": "power",
    "Power.Offered": "power",
    "Current.Import": "current",
    "Current.Offered": "current",
    "Voltage": "voltage",
    "SoC": "share",
    "Temperature": "temperature",
}
"""The measurands that become readings; others are counted by name."""
_BY_LOWER = {name.lower(): name for name in DIMENSIONS}

_UNITS: Mapping[str, tuple[str, float, float]] = {
    "wh": ("energy", 1, 0),
    "kwh": ("energy", 1e3, 0),
    "mwh": ("energy", 1e6, 0),
    "w": ("power", 1, 0),
    "kw": ("power", 1e3, 0),
    "mw": ("power", 1e6, 0),
    "a": ("current", 1, 0),
    "v": ("voltage", 1, 0),
    "percent": ("share", 1, 0),
    "%": ("share", 1, 0),
    "celsius": ("temperature", 1, 0),
    "celcius": ("temperature", 1, 0),  # OCPP 1.6 itself spells it so in its schema
    "c": ("temperature", 1, 0),
    "fahrenheit": ("temperature", 5 / 9, -160 / 9),
    "k": ("temperature", 1, -273.15),
}
"""Unit in lower case -> dimension, factor and offset to the base unit."""
_DEFAULT_UNIT = "wh"
"""2.0.1's for every measurand: software that fills in defaults writes it beside watts and percent too."""
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_PHASE = re.compile(r"(L[123])(?:-N)?|(L[123])-(L[123])|N", re.IGNORECASE)


@dataclass(frozen=True)
class Sample:
    """One value. `phase` is `L1`, `L2`, `L3` or empty (all of them); `context` and `location` as OCPP names them."""

    measurand: str
    value: float
    phase: str = ""
    context: str = PERIODIC
    location: str = OUTLET


def samples(sampled: Iterable[Payload], unknown: Counter[str], wrong: list[str]) -> list[Sample]:
    """The values that mean something to us. `unknown` counts other measurands, `wrong` says what cannot be read."""
    found = []
    for entry in sampled:
        try:
            sample = _sample(entry, unknown)
        except BadMessage as error:
            wrong.append(str(error))
        else:
            if sample is not None:
                found.append(sample)
    return found


def signed(sampled: Iterable[Payload]) -> str | None:
    """The last signed meter value among them, as the station wrote it."""
    found = None
    for entry in sampled:
        if entry.get("format") == "SignedData" and isinstance(entry.get("value"), str):
            found = entry["value"]
        inside = entry.get("signedMeterValue")
        if isinstance(inside, dict) and isinstance(inside.get("signedMeterData"), str):
            found = inside["signedMeterData"]
    return None if found is None else clean(found)


def _sample(entry: Payload, unknown: Counter[str]) -> Sample | None:
    written = entry.get("measurand") or ENERGY
    measurand = _BY_LOWER.get(str(written).lower())
    if measurand is None:
        unknown[f"ocpp.{written}"] += 1
        return None
    if entry.get("format") == "SignedData":
        unknown["ocpp.SignedData"] += 1
        return None
    phase, divisor = _phase(entry, measurand)
    if phase == "N":
        unknown[f"ocpp.{measurand}.N"] += 1
        return None
    value = _in_base_unit(measurand, _number(measurand, entry.get("value")), entry) / divisor
    if not abs(value) <= LARGEST:
        raise BadMessage(f"{measurand}: {value:g} is more than can be stored")
    context = str(entry.get("context") or PERIODIC)
    return Sample(measurand, value, phase, context, str(entry.get("location") or OUTLET))


def _number(measurand: str, value: Any) -> float:
    """1.6 writes numbers as text, 2.0.1 as numbers."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise BadMessage(f"{measurand}: value {value!r} is not a number")
    return float(value)


def _in_base_unit(measurand: str, value: float, entry: Payload) -> float:
    unit_of_measure = part(entry, "unitOfMeasure")
    multiplier = unit_of_measure.get("multiplier") or 0
    if isinstance(multiplier, bool) or not isinstance(multiplier, int) or abs(multiplier) > 12:
        raise BadMessage(f"{measurand}: multiplier {multiplier!r} is not a power of ten that can be")
    scaled = value * 10.0**multiplier
    written = str(entry.get("unit") or unit_of_measure.get("unit") or "")
    dimension = DIMENSIONS[measurand]
    if not written or (written.lower() == _DEFAULT_UNIT and dimension != "energy"):
        return scaled
    known = _UNITS.get(written.lower())
    if known is None or known[0] != dimension:
        raise BadMessage(f"{measurand}: unit {written!r} does not fit")
    return scaled * known[1] + known[2]


def _phase(entry: Payload, measurand: str) -> tuple[str, float]:
    """The phase and what its value is divided by: between two phases a voltage is the root of 3 times as high."""
    written = str(entry.get("phase") or "")
    if not written:
        return "", 1.0
    found = _PHASE.fullmatch(written)
    if found is None:
        raise BadMessage(f"{measurand}: phase {written!r} does not exist")
    if found[2]:
        return found[2].upper(), math.sqrt(3) if measurand == "Voltage" else 1.0
    return (found[1] or "N").upper(), 1.0

"""The values that a station read at one moment -> the columns of a meter row."""

from collections.abc import Iterable, Sequence

from monitor.ingest.ocpp.samples import ENERGY, OUTLET, Sample

BEGIN, END = "Transaction.Begin", "Transaction.End"
_CONTEXTS = (END, "Sample.Periodic", "Sample.Clock")
"""Which value holds when several of one moment differ. Others follow; that of the beginning is last: it is often 0."""
_LOCATIONS = (OUTLET, "Cable", "Body", "Inlet", "EV")

CARRIES_A = 1.0
"""From this current on a phase is taken to carry some: no car takes less than 6 A, and meters show noise below."""

Columns = dict[str, float]


def columns(samples: Sequence[Sample], *, first: bool = True) -> Columns:
    """The columns of a meter row. Unless `first`, values of the transaction's beginning are left out."""
    counted = samples if first else [sample for sample in samples if sample.context != BEGIN]
    readings = {name: _best(counted, name) for name in {sample.measurand for sample in counted}}
    found: Columns = {}
    _take(found, "energy_wh", _total(readings.get(ENERGY)))
    _take(found, "power_w", _power(readings))
    _take(found, "offered_w", _total(readings.get("Power.Offered")))
    _take(found, "offered_a", _largest(readings.get("Current.Offered")))
    _take(found, "voltage_v", _lowest(readings.get("Voltage")))
    _take(found, "soc", _largest(readings.get("SoC")))
    _take(found, "temperature_c", _largest(readings.get("Temperature")))
    found.update(_current(readings.get("Current.Import")))
    return found


def only_beginning(samples: Iterable[Sample]) -> bool:
    """Whether all values are those of the transaction's beginning."""
    return all(sample.context == BEGIN for sample in samples)


def _best(samples: Sequence[Sample], measurand: str) -> list[Sample]:
    """The values of a measurand in the context and at the place that count, in the order in which they stand."""
    own = [sample for sample in samples if sample.measurand == measurand]
    place = min((_rank(_LOCATIONS, sample.location) for sample in own), default=0)
    here = [sample for sample in own if _rank(_LOCATIONS, sample.location) == place]
    best = min(map(_context_rank, here), default=0)
    return [sample for sample in here if _context_rank(sample) == best]


def _context_rank(sample: Sample) -> int:
    return len(_CONTEXTS) + 1 if sample.context == BEGIN else _rank(_CONTEXTS, sample.context)


def _rank(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def _whole(samples: Sequence[Sample]) -> float | None:
    """The value of all phases together, the last that was written."""
    return next((sample.value for sample in reversed(samples) if not sample.phase), None)


def _by_phase(samples: Sequence[Sample]) -> dict[str, float]:
    return {sample.phase: sample.value for sample in samples if sample.phase}


def _total(samples: Sequence[Sample] | None) -> float | None:
    """Of all phases, else the sum of those that were given."""
    if not samples:
        return None
    whole = _whole(samples)
    return sum(_by_phase(samples).values()) if whole is None else whole


def _power(readings: dict[str, list[Sample]]) -> float | None:
    """What flows to the car; below 0 where it feeds back."""
    taken, given = _total(readings.get("Power.Active.Import")), _total(readings.get("Power.Active.Export"))
    return taken if not given else (taken or 0.0) - given


def _largest(samples: Sequence[Sample] | None) -> float | None:
    return max((sample.value for sample in samples), default=None) if samples else None


def _lowest(samples: Sequence[Sample] | None) -> float | None:
    return min((sample.value for sample in samples), default=None) if samples else None


def _current(samples: Sequence[Sample] | None) -> Columns:
    """A value without a phase is taken as it is: whether it is a sum over phases shows beside what is offered."""
    if not samples:
        return {}
    phases, whole = _by_phase(samples), _whole(samples)
    found: Columns = {}
    if phases:
        carrying = [current for current in phases.values() if current >= CARRIES_A]
        found = {
            "current_a": max(phases.values()),
            "current_sum_a": sum(phases.values()),
            "phases": float(len(carrying)),
        }
    elif whole is not None:
        found = {"current_a": whole}
    return found


def _take(found: Columns, name: str, value: float | None) -> None:
    if value is not None:
        found[name] = value

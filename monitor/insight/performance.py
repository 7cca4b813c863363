"""Figures of connectors, and of what they belong to, from their sums. Pure; unknown is None, never 0."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from monitor.ids import Place
from monitor.insight.daily import SUMS
from monitor.insight.uptime import Port, combined
from monitor.register import Register

By = Literal["connector", "evse", "station", "site", "vendor", "model"]
Sums = Mapping[str, Any]
"""`daily.SUMS` of a connector over a time."""


@dataclass(frozen=True)
class Group:
    """What a row is about. `label`: an EVSE, vendor or model by its name."""

    site: str | None
    station: str | None = None
    connector: str | None = None
    label: str | None = None

    @property
    def subject(self) -> str:
        """Its identity among the rows of one answer."""
        if self.site is None:
            return self.label or ""
        place = Place(self.site, self.station, self.connector or self.label)
        return place.subject


@dataclass(frozen=True)
class Facts:
    """What is known of connectors over a time. `full`: share of the time in which each one's pool was full."""

    start: datetime
    end: datetime
    sums: Mapping[Place, Sums]
    ports: Mapping[Place, Port] = field(default_factory=dict)
    full: Mapping[Place, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """The figures of one group by the names of `figures.PERFORMANCE`, with what belongs to some of them."""

    group: Group
    figures: Mapping[str, float | int | Decimal | None]
    connectors: int
    currency: str | None
    faults_by_code: Mapping[str, int]


def performance(facts: Facts, register: Register, by: By, site: str | None = None) -> list[Row]:
    """One row for each connector, or for each group of them, in the order of their names.

    Connectors in the register have a row though nobody used them: those are the ones to look at.
    """
    grouped: dict[Group, list[Place]] = {}
    for place in sorted({*facts.sums, *facts.ports, *register.connectors}, key=tuple):
        if site is not None and place.site != site:
            continue
        group = _GROUPS[by](place, register)
        if group is not None:
            grouped.setdefault(group, []).append(place)
    return [_row(group, places, facts, register) for group, places in grouped.items()]


def added(sums: Sequence[Sums]) -> dict[str, Any]:
    """Sums of several connectors or times as one."""
    found: dict[str, Any] = {}
    for name, way in SUMS.items():
        values = [each[name] for each in sums if each[name] is not None]
        found[name] = (sum(values) if way == "sum" else _EDGE[way](values)) if values else (0 if way == "sum" else None)
    return found


_EDGE: Mapping[str, Callable[[Sequence[Any]], Any]] = {"max": max, "min": min}


def over(amount: float, whole: float) -> float | None:
    """A quotient; None where there is nothing to divide by."""
    return amount / whole if whole else None


def _row(group: Group, places: Sequence[Place], facts: Facts, register: Register) -> Row:
    sums = added([facts.sums[place] for place in places if place in facts.sums])
    port = combined([facts.ports[place] for place in places if place in facts.ports])
    currency = sums["currency"] if sums["currency"] == sums["currency_2"] else None
    success = over(sums["delivered"], sums["judged"])
    figures = {
        **_of_sessions(sums),
        **_of_use(sums, places, register, facts.end - facts.start),
        **_of_port(port),
        "full_share": max((facts.full[place] for place in places if place in facts.full), default=None),
        "revenue_excl_vat": Decimal(sums["excl_vat_micro"]).scaleb(-6) if currency else None,
        "health": mean([success, port.uptime if port else None]),
    }
    return Row(group, figures, len(places), currency, port.faults_by_code if port else {})


def mean(parts: Sequence[float | None]) -> float | None:
    """The mean of those that are known."""
    known = [part for part in parts if part is not None]
    return sum(known) / len(known) if known else None


def _of_sessions(sums: Sums) -> dict[str, float | int | None]:
    timed = sums["timed"] > 0
    any_ = sums["sessions"] > 0
    return {
        "sessions": sums["sessions"],
        "energy_wh": sums["energy_mwh"] / 1000 if sums["energy_known"] else None,
        "plugged_s": sums["plugged_us"] / 1e6 if any_ else None,
        "charging_s": sums["charging_us"] / 1e6 if timed else None,
        "idle_s": sums["idle_us"] / 1e6 if timed else None,
        "success_rate": over(sums["delivered"], sums["judged"]),
        "visit_success_rate": over(sums["served"], sums["tries"]),
        "started": sums["started"] if any_ else None,
        "delivered": sums["delivered"] if sums["judged"] else None,
        "idle_share": over(sums["idle_us"], sums["timed_plugged_us"]),
        "average_power_w": over(sums["speed_mwh"] * 3.6e6, sums["speed_us"]),
        "peak_power_w": sums["peak_w"],
        "first_kwh_s": over(sums["first_kwh_us"] / 1e6, sums["first_kwh"]),
        "soc_in": over(sums["soc_in"], sums["soc_known"]),
        "soc_out": over(sums["soc_out"], sums["soc_known"]),
        "short_stops": sums["short"] if any_ else None,
        "moves": sums["moved"] if any_ else None,
        "stopped_by_fault": sums["stopped_by_fault"] if any_ else None,
    }


def _of_use(sums: Sums, places: Sequence[Place], register: Register, span: timedelta) -> dict[str, float | int | None]:
    known = [register.connectors.get(place) for place in places]
    ratings = [connector.rated for connector in known if connector is not None and connector.rated is not None]
    possible = sum(ratings) * (span / timedelta(hours=1)) if len(ratings) == len(places) else 0.0
    return {
        "utilisation": over(sums["plugged_us"] / 1e6, span.total_seconds() * len(places)) if sums["sessions"] else None,
        "energy_utilisation": over(sums["energy_mwh"] / 1000, possible) if sums["energy_known"] else None,
    }


def _of_port(port: Port | None) -> dict[str, float | int | None]:
    if port is None:
        names = ("uptime", "availability", "known_share", "faults", "between_failures_s", "to_recover_s")
        return dict.fromkeys(names)
    return {
        "uptime": port.uptime,
        "availability": port.availability,
        "known_share": port.known_share,
        "faults": port.faults,
        "between_failures_s": over(port.usable_s, port.faults),
        "to_recover_s": over(port.recovered_s, port.recovered),
    }


def _connector(place: Place, _: Register) -> Group:
    return Group(*place)


def _evse(place: Place, register: Register) -> Group:
    connector = register.connectors.get(place)
    return Group(place.site, place.station, None, (connector.evse if connector else "") or place.connector)


def _station(place: Place, _: Register) -> Group:
    return Group(place.site, place.station)


def _site(place: Place, _: Register) -> Group:
    return Group(place.site)


def _vendor(place: Place, register: Register) -> Group | None:
    station = register.station(place)
    return Group(None, label=station.vendor) if station and station.vendor else None


def _model(place: Place, register: Register) -> Group | None:
    station = register.station(place)
    return Group(None, label=f"{station.vendor} {station.model}".strip()) if station and station.model else None


_GROUPS: Mapping[By, Callable[[Place, Register], Group | None]] = {
    "connector": _connector, "evse": _evse, "station": _station, "site": _site, "vendor": _vendor, "model": _model,
}  # fmt: skip


def worst_first(rows: Sequence[Row]) -> list[Row]:
    """The least health first; of equal ones those that more cars meet, then by name; unknown last."""

    def key(row: Row) -> tuple[Any, ...]:
        health = row.figures["health"]
        return (health is None, health or 0, -(row.figures["sessions"] or 0), row.group.subject)

    return sorted(rows, key=key)

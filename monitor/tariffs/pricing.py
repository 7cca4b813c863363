"""What a session costs under a tariff: a pure function over exact decimals. docs/pricing.md says how it reads OCPI.

usage -> passes (reservation, session) -> segments -> tallies per component -> step_size -> lines -> min/max price
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Literal
from zoneinfo import ZoneInfo

from monitor.tariffs.limits import UNTOLD_LIMIT, limit_lines, total_of, untold
from monitor.tariffs.lines import line_of
from monitor.tariffs.model import Amount, Bill, BillLine, Dimension, Usage, UsagePeriod
from monitor.tariffs.ocpi import DIMENSIONS, Tariff
from monitor.tariffs.rounding import EXACT, PER_TOTAL, Policy, stored
from monitor.tariffs.selection import KILO, SECOND_US, Pass, Picked, plan_of
from monitor.tariffs.services import service_lines, service_warnings
from monitor.tariffs.shading import price_periods
from monitor.tariffs.splitting import HOUR_US, ZERO, Segment, choice_at_start, knows_current, knows_power, segments
from monitor.tariffs.tally import Tally
from monitor.tariffs.values import tidy
from monitor.units import to_us

Kind = Literal["fixed", "energy", "time", "parking", "reservation"]
_KINDS: dict[str, Kind] = {
    "FLAT": "fixed",
    "SERVICE": "fixed",
    "ENERGY": "energy",
    "TIME": "time",
    "PARKING_TIME": "parking",
}


@dataclass(frozen=True)
class Part:
    """The periods of one pass, and what its durations count from."""

    name: Pass
    start: datetime
    periods: tuple[UsagePeriod, ...]


def price(usage: Usage, tariff: Tariff, zone: ZoneInfo, policy: Policy = PER_TOTAL) -> Bill:
    """The bill of a usage; `zone` is the location's: times of day, weekdays and dates of the tariff are meant there."""
    with localcontext(EXACT):
        lines: list[BillLine] = []
        walked: list[Segment] = []
        parts = parts_of(usage)
        for part in parts:
            pieces, tallies = _tallied(part, tariff, zone)
            walked += pieces
            lines += [line_of(tariff, part.name, tally, policy) for tally in tallies]
        expired = parts[-1].name == "expired"
        lines += limit_lines(tariff, total_of(lines), usage, policy, expired=expired)
        lines += service_lines(tariff, usage, policy)
        return _bill(usage, tariff, lines, walked)


def parts_of(usage: Usage) -> list[Part]:
    """Session first. Nothing but reservation time is a reservation that expired; nothing at all a session of 0 s."""
    reserved = tuple(period for period in usage.periods if period.kind == "reservation")
    charged = tuple(period for period in usage.periods if period.kind != "reservation")
    if not reserved:
        return [Part("session", usage.start, charged)]
    if not charged:
        return [Part("expired", reserved[0].start, reserved)]
    return [Part("session", charged[0].start, charged), Part("reservation", reserved[0].start, reserved)]


def _tallied(part: Part, tariff: Tariff, zone: ZoneInfo) -> tuple[list[Segment], list[Tally]]:
    plan = plan_of(tariff, part.name)
    if not part.periods:
        flat = choice_at_start(part.start, plan, zone).flat
        start_us = to_us(part.start)
        return [], [Tally("FLAT", flat, Decimal(1), start_us, start_us)] if flat else []
    pieces = list(segments(part.periods, part.start, plan, zone))
    tallies = _add_up(pieces)
    _round_up(tallies)
    return pieces, sorted(tallies, key=lambda tally: (DIMENSIONS.index(tally.dimension), tally.start_us))


def _add_up(pieces: Iterable[Segment]) -> list[Tally]:
    """One tally per component that something was billed under, each dimension's in the order of their last use."""
    tallies: dict[tuple[Dimension, int], Tally] = {}
    flat: Tally | None = None
    for piece in pieces:
        choice = piece.choice
        if choice.energy and piece.energy_wh:
            _count(tallies, "ENERGY", choice.energy, piece.energy_wh, piece)
        if piece.kind == "parking":
            if choice.parking and piece.time_us:
                _count(tallies, "PARKING_TIME", choice.parking, Decimal(piece.time_us), piece)
        elif choice.time and piece.time_us and piece.kind != "neither":
            _count(tallies, "TIME", choice.time, Decimal(piece.time_us), piece)
        if flat is None and choice.flat:
            flat = Tally("FLAT", choice.flat, Decimal(1), piece.start_us, piece.start_us)
    return [*tallies.values(), *([flat] if flat else [])]


def _count(
    tallies: dict[tuple[Dimension, int], Tally], dimension: Dimension, picked: Picked, quantity: Decimal, piece: Segment
) -> None:
    tally = tallies.pop((dimension, picked.element), None)
    if tally is None:
        tally = Tally(dimension, picked, ZERO, piece.start_us, piece.end_us)
    tally.quantity += quantity
    tally.end_us = piece.end_us
    tallies[dimension, picked.element] = tally  # put back at the end: the last one of a dimension was used last


def _round_up(tallies: list[Tally]) -> None:
    """step_size: once for energy, once for time, on the session's total, at the price of the component used last.

    Where parking was billed, its total alone is rounded, and charging time stays exact (mod_cdrs, "step_size").
    """
    by_dimension = {name: [tally for tally in tallies if tally.dimension == name] for name in DIMENSIONS}
    for group, unit in (
        (by_dimension["ENERGY"], 1),
        (by_dimension["PARKING_TIME"] or by_dimension["TIME"], SECOND_US),
    ):
        if group:
            group[-1].round_up(sum((tally.quantity for tally in group), ZERO), unit)


def _bill(usage: Usage, tariff: Tariff, lines: list[BillLine], walked: list[Segment]) -> Bill:
    session = [piece for piece in walked if piece.kind != "reservation"]
    return Bill(
        tariff_id=tariff.id,
        tariff_version=tariff.version,
        currency=tariff.currency,
        lines=tuple(lines),
        periods=price_periods(session, tariff),
        total=total_of(lines),
        by_kind=_by_kind(lines),
        total_energy_kwh=tidy(sum((period.energy_wh for period in usage.periods), ZERO) / KILO),
        total_time_h=stored(Decimal(sum(piece.end_us - piece.start_us for piece in session)) / HOUR_US),
        total_parking_h=stored(Decimal(sum(piece.time_us for piece in session if piece.kind == "parking")) / HOUR_US),
        warnings=tuple(_warnings(usage, tariff, total_of(lines))),
    )


def _by_kind(lines: Iterable[BillLine]) -> dict[Kind, Amount]:
    groups: dict[Kind, list[BillLine]] = {"fixed": [], "energy": [], "time": [], "parking": [], "reservation": []}
    for line in lines:
        if kind := kind_of(line):
            groups[kind].append(line)
    return {kind: total_of(group) for kind, group in groups.items()}


def kind_of(line: BillLine) -> Kind | None:
    """OCPI's kind of cost that a line belongs to; None: a limit of the price."""
    if line.dimension in {"MIN_PRICE", "MAX_PRICE"}:
        return None
    return "reservation" if line.reservation else _KINDS[line.dimension]


def _warnings(usage: Usage, tariff: Tariff, total: Amount) -> Iterator[str]:
    plan = plan_of(tariff, "session")
    for name, ladder, known in (("current", plan.current, knows_current), ("power", plan.power, knows_power)):
        if not ladder.trivial and not all(map(known, usage.periods)):
            yield (
                f"the tariff asks for the {name}, which is not known all the time: "
                "elements that ask for it did not hold then"
            )
    yield from service_warnings(tariff, usage)
    if total.excl_vat is None:
        yield "prices include taxes and the tariff does not say their rate: the price without taxes is unknown"
    if total.incl_vat is None and tariff.tax_included == "NO":
        yield "taxes come on top and the tariff does not say their rate: the price with taxes is unknown"
    if untold(tariff, total):
        yield UNTOLD_LIMIT
    if tariff.tax_included == "N/A" and tariff.names_rates:
        yield "tax_included is N/A: the VAT percentages of the tariff were not applied"

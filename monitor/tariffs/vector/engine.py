"""Totals of many sessions under one tariff; a property test says that they are those of `pricing.price`."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.pricing import price
from monitor.tariffs.rounding import PER_TOTAL, Policy
from monitor.tariffs.selection import Plan, choice_of, plan_of
from monitor.tariffs.vector.columns import NEITHER, PARKING, Columns, Doubles, Flags, Longs
from monitor.tariffs.vector.cutting import Borders, Pieces, borders, cut
from monitor.tariffs.vector.ladders import double_masks, whole_masks
from monitor.tariffs.vector.money import Money, amounts, limited, vectorisable

UNKNOWN = np.iinfo(np.int64).min
"""Stands for an amount that the tariff does not tell."""


@dataclass(frozen=True)
class Totals:
    """Of each session, in units of ten to the minus `digits`; UNKNOWN where the tariff does not tell."""

    excl_vat: Longs
    incl_vat: Longs
    digits: int
    by_reference: int
    """How many sessions the reference engine had to price: the odd ones, or all of a tariff that is."""


def totals(columns: Columns, tariff: Tariff, zone: ZoneInfo, policy: Policy = PER_TOTAL) -> Totals:
    """What each session costs, exactly as the reference engine has it."""
    digits = policy.digits if policy.per == "line" else 12
    plan = plan_of(tariff, "session")
    regular = columns.regular() if vectorisable(tariff, plan, digits) else np.zeros(len(columns.start), bool)
    excl_vat, incl_vat = np.zeros(len(columns.start), np.int64), np.zeros(len(columns.start), np.int64)
    if regular.any():
        money = _priced(columns.chosen(regular), tariff, plan, zone, policy)
        excl_vat[regular], incl_vat[regular] = money.excl_vat.astype(np.int64), money.incl_vat.astype(np.int64)
    odd = np.flatnonzero(~regular)
    for index in odd.tolist():
        total = price(columns.usage(index), tariff, zone, policy).total
        excl_vat[index], incl_vat[index] = _units(total.excl_vat, digits), _units(total.incl_vat, digits)
    return Totals(excl_vat, incl_vat, digits, len(odd))


def _units(amount: Decimal | None, digits: int) -> int:
    return UNKNOWN if amount is None else int(amount.scaleb(digits))


def _priced(columns: Columns, tariff: Tariff, plan: Plan, zone: ZoneInfo, policy: Policy) -> Money:
    at = borders(plan, columns, zone)
    pieces = cut(columns, at)
    masks, which = np.unique(_masks(columns, plan, at, pieces), return_inverse=True)
    choices = [choice_of(plan, int(mask)) for mask in masks]
    session = columns.session[pieces.period]
    kind = columns.kind[pieces.period]
    firsts = np.searchsorted(session, np.arange(len(columns.start)))
    energy, span = pieces.e1 - pieces.e0, pieces.t1 - pieces.t0

    def elements(name: str) -> Longs:
        picked = [getattr(choice, name) for choice in choices]
        return np.array([-1 if each is None else each.element for each in picked], np.int64)[which]

    found = Money.nothing(len(columns.start))
    flat = _first(elements("flat"), firsts)
    for element in np.unique(flat[flat >= 0]).tolist():
        found += amounts(tariff, element, "FLAT", (flat == element).astype(np.int64), policy)
    chosen = np.where(energy > 0, elements("energy"), -1)
    task = _Task(tariff, policy, firsts)
    found += _dimension(task, "ENERGY", chosen, energy)
    parked = np.where((kind == PARKING) & (span > 0), elements("parking"), -1)
    charged = np.where((kind != PARKING) & (kind != NEITHER) & (span > 0), elements("time"), -1)
    found += _dimension(task, "PARKING_TIME", parked, span)
    found += _dimension(task, "TIME", charged, span, rounds=_last(parked, firsts) < 0)
    return limited(found, tariff, policy)


class _Task(NamedTuple):
    """Under what is priced, and the first piece of each session."""

    tariff: Tariff
    policy: Policy
    firsts: Longs


def _dimension(task: _Task, name: str, chosen: Longs, quantity: Longs, rounds: Flags | None = None) -> Money:
    """All lines of one dimension. `rounds`: in which sessions its step_size counts; None: in all."""
    tariff, policy, firsts = task
    used = np.unique(chosen[chosen >= 0]).tolist()
    sums = {element: np.add.reduceat(np.where(chosen == element, quantity, 0), firsts) for element in used}
    last = _last(chosen, firsts)
    total = sum(sums.values(), np.zeros(len(firsts), np.int64))
    found = Money.nothing(len(firsts))
    for element, billed in sums.items():
        ends = (last == element) if rounds is None else (last == element) & rounds
        step = _component_step(tariff, element, name)
        if step:
            billed[ends] += _missing(total[ends], step, energy=name == "ENERGY")
        found += amounts(tariff, element, name, billed, policy)
    return found


def _component_step(tariff: Tariff, element: int, name: str) -> int:
    return next(each.step_size for each in tariff.elements[element].price_components if each.type == name)


def _missing(total: Longs, step_size: int, *, energy: bool) -> Longs:
    """What a total lacks to whole steps: nWh for energy, whose noise below a millionth of a Wh is no step; or us."""
    if not energy:
        return -total % (step_size * 1_000_000)
    quotient, rest = np.divmod(total, 1000)
    micro = quotient + ((rest > 500) | ((rest == 500) & (quotient % 2 == 1)))
    size = step_size * 1_000_000
    steps = -(-micro // size)
    missing: Longs = steps * size * 1000 - total
    return missing


def _masks(columns: Columns, plan: Plan, at: Borders, pieces: Pieces) -> Longs:
    masks = np.full(len(pieces.t0), plan.everything, np.int64)
    if len(at.calendar_us):
        held = np.searchsorted(at.calendar_us, pieces.t0, "right") - 1
        masks &= at.calendar_masks[np.maximum(held, 0)]
    if at.durations_us:
        elapsed = pieces.t0 - columns.start[columns.session][pieces.period]
        masks &= whole_masks(plan.duration, elapsed, at.durations_us)
    if at.energies_nwh:
        masks &= whole_masks(plan.energy, pieces.e0, at.energies_nwh)
    if plan.asks_for_flow:
        still = columns.energy_mwh == 0
        current = np.where(np.isnan(columns.current_a) & still, 0.0, columns.current_a)
        flow = _power_masks(columns, plan, still) & double_masks(plan.current, current)
        masks &= flow[pieces.period]
    return masks


def _power_masks(columns: Columns, plan: Plan, still: Flags) -> Longs:
    power: Doubles = np.where(np.isnan(columns.power_w) & still, 0.0, columns.power_w)
    masks = double_masks(plan.power, power)
    for row in np.flatnonzero(np.isnan(power)).tolist():
        length = int(columns.t1[row] - columns.t0[row])
        watts = Fraction(int(columns.energy_mwh[row]) * 3_600_000, length) if length else None
        passed = sum(1 for each in plan.power.thresholds if watts is not None and Fraction(each) <= watts)
        masks[row] = plan.power.unknown if watts is None else plan.power.masks[passed]
    return masks


def _last(chosen: Longs, firsts: Longs) -> Longs:
    """The element of each session's last piece that has one, -1: none has."""
    rows = np.maximum.reduceat(np.where(chosen >= 0, np.arange(len(chosen)), -1), firsts)
    return np.where(rows >= 0, chosen[rows], -1)


def _first(chosen: Longs, firsts: Longs) -> Longs:
    rows = np.minimum.reduceat(np.where(chosen >= 0, np.arange(len(chosen)), len(chosen)), firsts)
    return np.where(rows < len(chosen), chosen[np.minimum(rows, len(chosen) - 1)], -1)

"""A second engine, to hold pricing against: every tick asks every element; nothing is split, cached or compiled.

Only for sessions in which 1 Wh flows each second, or nothing, and whose periods, like all borders in their tariffs, are
whole ticks.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from monitor.tariffs.model import Usage, UsagePeriod
from monitor.tariffs.ocpi import WEEKDAYS, Element, Price, PriceComponent, Tariff

Sum = Fraction | None
"""Money; None: the tariff does not tell."""


def cost(usage: Usage, tariff: Tariff, zone: ZoneInfo, tick_s: int = 1) -> tuple[Sum, Sum]:
    """The price of a session without and with tax."""
    reserved = [period for period in usage.periods if period.kind == "reservation"]
    charged = [period for period in usage.periods if period.kind != "reservation"]
    before = ("RESERVATION",) if charged else ("RESERVATION_EXPIRES", "RESERVATION")
    priced = [*_Pass(tariff, zone, before, tick_s).walk(reserved)]
    priced += _Pass(tariff, zone, (None,), tick_s).walk(charged)
    net, gross = _plus([_taxed(tariff, quantity * Fraction(each.price), each.vat) for quantity, each in priced])
    corrections = []
    if tariff.min_price and charged:
        corrections.append(_limit(tariff, tariff.min_price, (net, gross), lambda lack: max(lack, Fraction(0))))
    if tariff.max_price:
        corrections.append(_limit(tariff, tariff.max_price, (net, gross), lambda lack: min(lack, Fraction(0))))
    services = [(each.quantity * each.price, each.vat) for each in usage.services]
    sold = [(Fraction(money), Fraction(money) * (1 + Fraction(vat or 0) / 100)) for money, vat in services]
    return _plus([(net, gross), *corrections, *sold])


class _Pass:
    """A reservation, or the session that followed it: each with its own times, energy, FLAT and steps."""

    def __init__(self, tariff: Tariff, zone: ZoneInfo, kinds: Sequence[str | None], tick_s: int) -> None:
        self.zone, self.tick_s = zone, tick_s
        numbered = list(enumerate(tariff.elements))
        self.elements = [pair for kind in kinds for pair in numbered if pair[1].restrictions.reservation == kind]
        self.components = dict[tuple[str, int], PriceComponent]()
        self.quantities = dict[tuple[str, int], int]()
        self.last = dict[str, int]()
        self.flat: PriceComponent | None = None

    def walk(self, periods: Sequence[UsagePeriod]) -> Iterator[tuple[Fraction, PriceComponent]]:
        """What was used of each component: kWh, hours, or 1 of the FLAT."""
        energy, second = 0, 0
        for period in periods:
            for _ in range(int((period.end - period.start).total_seconds()) // self.tick_s):
                self._tick(period, periods[0].start + timedelta(seconds=second), second, energy)
                second += self.tick_s
                energy += self.tick_s if period.energy_wh else 0
        if self.flat:
            yield Fraction(1), self.flat
        rounded = "PARKING_TIME" if "PARKING_TIME" in self.last else "TIME"
        for (name, index), quantity in self.quantities.items():
            component, billed = self.components[name, index], quantity
            if name in {"ENERGY", rounded} and self.last[name] == index and component.step_size:
                total = sum(each for (other, _), each in self.quantities.items() if other == name)
                billed += -total % component.step_size
            yield Fraction(billed, 1000 if name == "ENERGY" else 3600), component

    def _tick(self, period: UsagePeriod, at: datetime, second: int, energy: int) -> None:
        power = period.power_w if period.power_w is not None else Decimal(3600 if period.energy_wh else 0)
        current = Decimal(0) if period.current_a is None and not period.energy_wh else period.current_a
        held = list(self._held(at.astimezone(self.zone), second, Decimal(energy) / 1000, power / 1000, current))
        time_name = {"charging": "TIME", "parking": "PARKING_TIME", "reservation": "TIME"}.get(period.kind)
        for name in (["ENERGY"] if period.energy_wh else []) + ([time_name] if time_name else []):
            for index, element in held:
                priced = [each for each in element.price_components if each.type == name]
                if priced:
                    self.components[name, index] = priced[0]
                    self.quantities[name, index] = self.quantities.get((name, index), 0) + self.tick_s
                    self.last[name] = index
                    break
        if self.flat is None:
            flats = [each for _, element in held for each in element.price_components if each.type == "FLAT"]
            self.flat = flats[0] if flats else None

    def _held(
        self, local: datetime, second: int, kwh: Decimal, power: Decimal, current: Decimal | None
    ) -> Iterator[tuple[int, Element]]:
        for index, element in self.elements:
            r = element.restrictions
            start, end, now = r.start_time or time(0), r.end_time or time(0), local.time()
            inside = start <= now < end if start < end else now >= start or now < end
            tests = [
                inside,
                not r.day_of_week or WEEKDAYS[local.weekday()] in r.day_of_week,
                r.start_date is None or r.start_date <= local.date(),
                r.end_date is None or local.date() < r.end_date,
                *_within(r.min_kwh, kwh, r.max_kwh),
                *_within(r.min_duration, second, r.max_duration),
                *_within(r.min_power, power, r.max_power),
                *_within(r.min_current, current, r.max_current),
            ]
            if all(tests):
                yield index, element


def _within(low: Any, value: Any, high: Any) -> tuple[bool, bool]:
    if value is None:
        return low is None, high is None
    return low is None or low <= value, high is None or value < high


def _rates(tariff: Tariff) -> list[Decimal | None]:
    return [component.vat for element in tariff.elements for component in element.price_components]


def _taxed(tariff: Tariff, money: Fraction, vat: Decimal | None) -> tuple[Sum, Sum]:
    factor = 1 + Fraction(vat or 0) / 100
    untold = bool(money) and all(rate is None for rate in _rates(tariff))
    match tariff.tax_included:
        case "N/A":
            return money, money
        case "YES":
            return None if untold else money / factor, money
        case "NO":
            return money, None if untold else money * factor
        case None:
            return money, money * factor


def _limit(
    tariff: Tariff, limit: Price, total: tuple[Sum, Sum], lacking: Callable[[Fraction], Fraction]
) -> tuple[Sum, Sum]:
    """What brings the sums to the limit: each sum by itself, where both it and the limit are known."""
    net = None if total[0] is None else lacking(Fraction(limit.excl_vat) - total[0])
    if limit.incl_vat is not None:
        bound: Fraction | None = Fraction(limit.incl_vat)
    elif not net:
        return net or Fraction(0), Fraction(0)
    else:
        # The limit has the rate of all components, if they share one.
        rates = {Fraction(0)} if tariff.tax_included == "N/A" else {Fraction(rate or 0) for rate in _rates(tariff)}
        told = tariff.tax_included in {None, "N/A"} or any(rate is not None for rate in _rates(tariff))
        bound = Fraction(limit.excl_vat) * (1 + rates.pop() / 100) if told and len(rates) == 1 else None
    gross = None if bound is None else Fraction(0) if total[1] is None else lacking(bound - total[1])
    return Fraction(0) if net is None else net, gross


def _plus(sums: Sequence[tuple[Sum, Sum]]) -> tuple[Sum, Sum]:
    nets, grosses = ([pair[side] for pair in sums] for side in (0, 1))
    return _sum(nets), _sum(grosses)


def _sum(parts: Sequence[Sum]) -> Sum:
    known = [part for part in parts if part is not None]
    return sum(known, Fraction(0)) if len(known) == len(parts) else None

"""Laws of pricing on random tariffs and sessions, among them a second engine that walks second by second."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.tariffs.cdr import Cdr, FoundCdr, Text
from monitor.tariffs.cdr_periods import charging_periods
from monitor.tariffs.codec import bill_from_json, bill_to_json
from monitor.tariffs.model import Usage, UsagePeriod
from monitor.tariffs.ocpi import WEEKDAYS, Element, PriceComponent, Restrictions, Tariff
from monitor.tariffs.priced_cdr import price_cdr
from monitor.tariffs.pricing import price
from monitor.tariffs.rounding import PER_TOTAL
from tests.tariffs.strategies import ZONES, tariffs, usages


class SecondBySecond:
    """The reference: every second asks every element; nothing is split, cached or compiled."""

    def __init__(self, tariff: Tariff, zone: ZoneInfo) -> None:
        self.tariff, self.zone = tariff, zone
        self.quantities: dict[tuple[str, int], int] = {}
        self.last: dict[str, int] = {}
        self.flat: PriceComponent | None = None

    def walk(self, usage: Usage) -> tuple[Fraction, Fraction]:
        energy, second = 0, 0
        for period in usage.periods:
            for _ in range(int((period.end - period.start).total_seconds())):
                self._second(period, usage.start + timedelta(seconds=second), second, energy)
                second += 1
                energy += 1 if period.energy_wh else 0
        return self._sums()

    def _second(self, period: UsagePeriod, at: datetime, second: int, energy: int) -> None:
        power = period.power_w if period.power_w is not None else Decimal(3600 if period.energy_wh else 0)
        current = Decimal(0) if period.current_a is None and not period.energy_wh else period.current_a
        held = list(self._held(at.astimezone(self.zone), second, Decimal(energy) / 1000, power / 1000, current))
        time_name = {"charging": "TIME", "parking": "PARKING_TIME"}.get(period.kind)
        for name in (["ENERGY"] if period.energy_wh else []) + ([time_name] if time_name else []):
            for index, element in held:
                if any(component.type == name for component in element.price_components):
                    self.quantities[name, index] = self.quantities.get((name, index), 0) + 1
                    self.last[name] = index
                    break
        if self.flat is None:
            flats = [each for _, element in held for each in element.price_components if each.type == "FLAT"]
            self.flat = flats[0] if flats else None

    def _held(
        self, local: datetime, second: int, kwh: Decimal, power: Decimal, current: Decimal | None
    ) -> Iterator[tuple[int, Element]]:
        for index, element in enumerate(self.tariff.elements):
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

    def _sums(self) -> tuple[Fraction, Fraction]:
        amounts = [(Fraction(1), self.flat)] if self.flat else []
        time_name = "PARKING_TIME" if "PARKING_TIME" in self.last else "TIME"
        for (name, index), quantity in self.quantities.items():
            component = next(each for each in self.tariff.elements[index].price_components if each.type == name)
            billed = quantity
            if name in {"ENERGY", time_name} and self.last[name] == index and component.step_size:
                total = sum(each for (other, _), each in self.quantities.items() if other == name)
                billed += -total % component.step_size
            amounts.append((Fraction(billed, 1000 if name == "ENERGY" else 3600), component))
        excl = sum((quantity * Fraction(each.price) for quantity, each in amounts), Fraction(0))
        incl = [quantity * Fraction(each.price) * (1 + Fraction(each.vat or 0) / 100) for quantity, each in amounts]
        return excl, sum(incl, Fraction(0))


def _within(low: Any, value: Any, high: Any) -> tuple[bool, bool]:
    if value is None:
        return low is None, high is None
    return low is None or low <= value, high is None or value < high


@settings(max_examples=60, deadline=None)
@given(tariffs(), usages(), st.sampled_from(ZONES))
def test_a_second_engine_agrees(tariff: Tariff, usage: Usage, zone: str) -> None:
    bill = price(usage, tariff, ZoneInfo(zone))
    excl_vat, incl_vat = SecondBySecond(tariff, ZoneInfo(zone)).walk(usage)
    assert bill.total.incl_vat is not None
    assert abs(Fraction(bill.total.excl_vat) - excl_vat) < Fraction(1, 10**9)
    assert abs(Fraction(bill.total.incl_vat) - incl_vat) < Fraction(1, 10**9)


@settings(max_examples=40, deadline=None)
@given(tariffs(), usages(), st.sampled_from(ZONES))
def test_the_sum_of_the_lines_is_the_total_and_a_bill_survives_json(tariff: Tariff, usage: Usage, zone: str) -> None:
    bill = price(usage, tariff, ZoneInfo(zone))
    assert sum(line.amount.excl_vat for line in bill.lines) == bill.total.excl_vat
    assert sum(line.amount.incl_vat or 0 for line in bill.lines) == bill.total.incl_vat
    assert sum(amount.excl_vat for amount in bill.by_kind.values()) == bill.total.excl_vat
    assert bill_from_json(bill_to_json(bill)) == bill


@settings(max_examples=40, deadline=None)
@given(tariffs(), usages(), st.sampled_from(ZONES), st.integers(-14 * 60, 14 * 60))
def test_the_offset_of_the_input_does_not_matter(tariff: Tariff, usage: Usage, zone: str, minutes: int) -> None:
    other = timezone(timedelta(minutes=minutes))
    periods = tuple(
        UsagePeriod(each.start.astimezone(other), each.end.astimezone(other), each.kind, each.energy_wh,
                    each.power_w, each.current_a)
        for each in usage.periods
    )  # fmt: skip
    moved = Usage(usage.start.astimezone(other), usage.end.astimezone(other), periods)
    assert price(moved, tariff, ZoneInfo(zone)) == price(usage, tariff, ZoneInfo(zone))


@settings(max_examples=40, deadline=None)
@given(tariffs(limits=st.just(Restrictions())), usages(), st.data())
def test_splitting_a_session_under_a_linear_tariff_changes_nothing(
    tariff: Tariff, usage: Usage, data: st.DataObject
) -> None:
    periods: list[UsagePeriod] = []
    for each in usage.periods:
        seconds = int((each.end - each.start).total_seconds())
        cut = data.draw(st.integers(0, seconds))
        middle = each.start + timedelta(seconds=cut)
        first = each.energy_wh * cut / seconds
        periods += [
            UsagePeriod(start, end, each.kind, energy)
            for start, end, energy in ((each.start, middle, first), (middle, each.end, each.energy_wh - first))
            if end > start
        ]
    zone = ZoneInfo("Europe/Stockholm")
    split = price(Usage(usage.start, usage.end, tuple(periods)), tariff, zone)
    assert split.lines == price(usage, tariff, zone).lines


@settings(max_examples=80, deadline=None)
@given(tariffs(), usages(), st.sampled_from(ZONES))
def test_the_charging_periods_of_our_cdr_cost_the_same_again(tariff: Tariff, usage: Usage, zone: str) -> None:
    periods = charging_periods(usage, tariff, ZoneInfo(zone))
    content = {
        "start_date_time": usage.start, "end_date_time": usage.end, "currency": "EUR",
        "charging_periods": [
            {**each, "dimensions": tuple({**one, "volume": one["volume"]} for one in each["dimensions"])}
            for each in periods
        ],
    }  # fmt: skip
    found = FoundCdr(Cdr.model_validate(content), content, Text("cdr.json", ""), ())
    ours, theirs = price(usage, tariff, ZoneInfo(zone)), price_cdr(found, tariff, ZoneInfo(zone), PER_TOTAL)
    assert theirs.bill.total == ours.total
    assert [(each.element, each.quantity) for each in theirs.bill.lines] == [
        (each.element, each.quantity) for each in ours.lines
    ]
    assert not any("inside a charging period" in warning for warning in theirs.warnings)


def _monotone(tariff: Tariff) -> Tariff:
    """The tariff with energy priced by energy alone, or else by time alone, and nothing else dependent on energy.

    By both it would not be monotone: who charges faster may be past a dear step before it begins to hold.
    """
    kept = []
    stepped = any(each.restrictions.min_kwh or each.restrictions.max_kwh for each in tariff.elements)
    for each in tariff.elements:
        energy = tuple(component for component in each.price_components if component.type == "ENERGY")
        r = each.restrictions
        by_time = {"start_time": r.start_time, "end_time": r.end_time, "min_duration": r.min_duration}
        if energy:
            limits = Restrictions(min_kwh=r.min_kwh, max_kwh=r.max_kwh) if stepped else Restrictions(**by_time)
            kept.append(Element(price_components=energy, restrictions=limits))
        kept.append(
            Element(
                price_components=(PriceComponent(type="TIME", price=Decimal(1)),), restrictions=Restrictions(**by_time)
            )
        )
    return Tariff(id="monotone", currency="EUR", elements=tuple(kept))


@settings(max_examples=40, deadline=None)
@given(tariffs(steps=st.just(0)), usages(), st.integers(1, 5000), st.sampled_from(ZONES))
def test_more_energy_never_costs_less(tariff: Tariff, usage: Usage, more_wh: int, zone: str) -> None:
    rules = _monotone(tariff)
    last = usage.periods[-1]
    more = UsagePeriod(last.start, last.end, last.kind, last.energy_wh + more_wh)
    before = price(usage, rules, ZoneInfo(zone)).total.excl_vat
    after = price(Usage(usage.start, usage.end, (*usage.periods[:-1], more)), rules, ZoneInfo(zone)).total.excl_vat
    assert after >= before

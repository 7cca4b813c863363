"""Laws of pricing on random tariffs and sessions, among them a second engine that walks second by second."""

from datetime import timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.tariffs.cdr import Cdr, FoundCdr, Text
from monitor.tariffs.cdr_periods import charging_periods
from monitor.tariffs.codec import bill_from_json, bill_to_json
from monitor.tariffs.model import Usage, UsagePeriod
from monitor.tariffs.ocpi import Element, PriceComponent, Restrictions, Tariff
from monitor.tariffs.priced_cdr import price_cdr
from monitor.tariffs.pricing import price
from monitor.tariffs.rounding import PER_TOTAL
from tests.tariffs.second_by_second import cost
from tests.tariffs.strategies import ZONES, full_tariffs, full_usages, tariffs, usages


def agree(tariff: Tariff, usage: Usage, zone: str) -> None:
    bill = price(usage, tariff, ZoneInfo(zone))
    for ours, theirs in zip(
        (bill.total.excl_vat, bill.total.incl_vat), cost(usage, tariff, ZoneInfo(zone)), strict=True
    ):
        assert (ours is None) == (theirs is None)
        # A line keeps twelve decimals.
        assert ours is None or theirs is None or abs(Fraction(ours) - theirs) < Fraction(1, 10**9)


@settings(max_examples=60, deadline=None)
@given(tariffs(), usages(), st.sampled_from(ZONES))
def test_a_second_engine_agrees(tariff: Tariff, usage: Usage, zone: str) -> None:
    agree(tariff, usage, zone)


@settings(max_examples=120, deadline=None)
@given(full_tariffs(), full_usages(), st.sampled_from(ZONES))
def test_it_agrees_with_reservations_taxes_price_limits_and_services(tariff: Tariff, usage: Usage, zone: str) -> None:
    agree(tariff, usage, zone)


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

"""The vectorised engine gives every session the total that the reference engine gives it."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.tariffs.model import Usage, UsagePeriod
from monitor.tariffs.ocpi import Price, Tariff
from monitor.tariffs.pricing import price
from monitor.tariffs.rounding import PER_TOTAL, Policy
from monitor.tariffs.vector.columns import columns_of
from monitor.tariffs.vector.engine import UNKNOWN, totals
from tests.tariffs.strategies import MOMENTS, ZONES, tariffs, usages

STOCKHOLM = ZoneInfo("Europe/Stockholm")
limits = st.none() | st.integers(0, 40).map(lambda tenths: Price(excl_vat=Decimal(tenths) / 10))


@st.composite
def uneven(draw: st.DrawFn) -> Usage:
    """Energies and times without any round relation, so that every cut has to be rounded; or nothing at all."""
    at = start = draw(st.sampled_from(MOMENTS)) + timedelta(microseconds=draw(st.integers(-(10**10), 10**10)))
    periods = []
    for _ in range(draw(st.integers(0, 4))):
        end = at + timedelta(microseconds=draw(st.integers(0, 3 * 10**9)))
        kind = draw(st.sampled_from(["charging", "parking", "neither", "reservation"]))
        energy = Decimal(draw(st.integers(-10, 2_000_000))).scaleb(-3)
        periods.append(UsagePeriod(at, end, kind, energy, draw(st.none() | st.just(Decimal("10.1")))))
        at = end
    return Usage(start, at, tuple(periods))


def agrees(tariff: Tariff, sessions: list[Usage], zone: ZoneInfo, policy: Policy = PER_TOTAL) -> int:
    found = totals(columns_of(sessions), tariff, zone, policy)
    unit = Decimal(1).scaleb(-found.digits)
    ours = list(zip(found.excl_vat.tolist(), found.incl_vat.tolist(), strict=True))
    theirs = [price(each, tariff, zone, policy).total for each in sessions]
    assert [tuple(None if one == UNKNOWN else one * unit for one in pair) for pair in ours] == [
        (each.excl_vat, each.incl_vat) for each in theirs
    ]
    return found.by_reference


@settings(max_examples=50, deadline=None)
@given(tariffs(), st.lists(usages() | uneven(), min_size=1, max_size=6), st.sampled_from(ZONES), limits, limits)
def test_on_random_tariffs_and_sessions(
    tariff: Tariff, sessions: list[Usage], zone: str, low: Price | None, high: Price | None
) -> None:
    if low and high and low.excl_vat > high.excl_vat:
        low, high = high, low
    agrees(tariff.model_copy(update={"min_price": low, "max_price": high}), sessions, ZoneInfo(zone))


@pytest.mark.parametrize("tax_included", ["YES", "NO", "N/A"])
@pytest.mark.parametrize(
    "policy", [Policy(), Policy("line", "half-up", 2), Policy("line", "half-even", 1)], ids=["total", "up", "even"]
)
@settings(max_examples=8, deadline=None)
@given(tariff=tariffs(), sessions=st.lists(uneven(), min_size=1, max_size=4))
def test_under_every_tax_and_rounding(tax_included: str, policy: Policy, tariff: Tariff, sessions: list[Usage]) -> None:
    agrees(tariff.model_copy(update={"tax_included": tax_included}), sessions, STOCKHOLM, policy)


def test_only_odd_sessions_need_the_reference(session: Callable[..., Usage], tariff: Callable[..., Any]) -> None:
    at = datetime(2026, 6, 1, 12, tzinfo=UTC)
    plain = session(at, ("charging", 30, 10), ("parking", 10, 0))
    reserved = session(at, ("reservation", 30, 0), ("charging", 10, 5))
    given_back = session(at, ("charging", 30, 10), ("charging", 10, -2))
    rules = tariff("- price_components: [{type: ENERGY, price: 3, vat: 25}, {type: PARKING_TIME, price: 6, vat: 25}]")
    assert agrees(rules, [plain, reserved, given_back, replace(plain, periods=())], STOCKHOLM) == 3
    assert agrees(rules, [plain] * 50, STOCKHOLM) == 0
    found = totals(columns_of([plain]), rules, STOCKHOLM)
    assert np.array_equal(found.incl_vat, [38_750_000_000_000])


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", [2011, 2026], ids=str)
def test_a_year_of_sessions_of_up_to_ten_days(year: int, zone: str, tariff: Callable[..., Any]) -> None:
    chance = random.Random(f"{zone} {year}")
    rules = tariff(
        "- restrictions: {start_time: '22:30', end_time: '02:15', day_of_week: [SATURDAY, SUNDAY, FRIDAY]}\n"
        "  price_components: [{type: ENERGY, price: 1.01, vat: 25, step_size: 10}, {type: TIME, price: 3}]\n"
        "- restrictions: {start_date: 2011-12-30, end_date: 2026-10-25, min_duration: 7200}\n"
        "  price_components: [{type: PARKING_TIME, price: 2.2, vat: 25, step_size: 60}]\n"
        "- price_components: [{type: ENERGY, price: 2.02, vat: 25}, {type: FLAT, price: 4}]"
    )
    sessions = []
    for _ in range(150):
        start = datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(366 * 86_400))
        middle = start + timedelta(seconds=chance.randrange(1, 5 * 86_400))
        end = middle + timedelta(seconds=chance.randrange(1, 5 * 86_400))
        charged = UsagePeriod(start, middle, "charging", Decimal(chance.randrange(90_000_000)).scaleb(-3))
        sessions.append(Usage(start, end, (charged, UsagePeriod(middle, end, "parking", Decimal(0)))))
    assert agrees(rules, sessions, ZoneInfo(zone)) == 0

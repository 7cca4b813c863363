"""A year of random sessions in zones whose clocks change: a second engine, which walks minute by minute, agrees."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.tariffs.model import Usage, UsageKind, UsagePeriod
from monitor.tariffs.pricing import price
from tests.tariffs.second_by_second import cost
from tests.tariffs.strategies import ZONES

KINDS: list[UsageKind] = ["charging", "parking", "neither"]
RULES = (
    "- restrictions: {start_time: '22:30', end_time: '02:15', day_of_week: [SATURDAY, SUNDAY, FRIDAY]}\n"
    "  price_components: [{type: ENERGY, price: 1.01, vat: 25, step_size: 100}, {type: TIME, price: 3}]\n"
    "- restrictions: {start_time: '01:30', end_time: '03:00', max_duration: 86400}\n"
    "  price_components: [{type: TIME, price: 7}, {type: PARKING_TIME, price: 5, vat: 6, step_size: 900}]\n"
    "- restrictions: {start_date: 2011-12-30, end_date: 2026-10-25, min_duration: 7200}\n"
    "  price_components: [{type: PARKING_TIME, price: 2.2, vat: 25, step_size: 300}]\n"
    "- price_components: [{type: ENERGY, price: 2.02, vat: 25}, {type: FLAT, price: 4}]"
)


def clock_changes(year: int, zone: ZoneInfo) -> list[datetime]:
    """The hours of a year in which the zone's offset turns."""
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=number) for number in range(366 * 24)]
    return [
        one for one, other in pairwise(hours) if one.astimezone(zone).utcoffset() != other.astimezone(zone).utcoffset()
    ]


def session(start: datetime, chance: random.Random) -> Usage:
    """1 Wh a second, or none, in periods of whole minutes."""
    at, periods = start, []
    for _ in range(chance.randrange(1, 5)):
        end = at + timedelta(minutes=chance.randrange(1, chance.choice([60, 720])))
        kind = chance.choice(KINDS)
        periods.append(UsagePeriod(at, end, kind, Decimal((end - at).total_seconds() if kind == "charging" else 0)))
        at = end
    return Usage(start, at, tuple(periods))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", [2011, 2026], ids=str)
def test_a_year(year: int, zone: str, tariff: Callable[..., Any]) -> None:
    place, rules, chance = ZoneInfo(zone), tariff(RULES), random.Random(f"{zone} {year}")
    turns = clock_changes(year, place)
    assert len(turns) == (0 if (zone, year) == ("Pacific/Apia", 2026) else 3 if zone == "Pacific/Apia" else 2)
    starts = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(365 * 1440)) for _ in range(15)]
    starts += [turn - timedelta(minutes=chance.randrange(900)) for turn in turns for _ in range(8)]
    for start in starts:
        usage = session(start, chance)
        total, (net, gross) = price(usage, rules, place).total, cost(usage, rules, place, tick_s=60)
        assert net is not None
        assert gross is not None
        assert abs(Fraction(total.excl_vat) - net) < Fraction(1, 10**9)
        assert abs(Fraction(total.incl_vat or 0) - gross) < Fraction(1, 10**9)

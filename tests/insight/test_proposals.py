"""Other price structures: what each changes of a tariff, and what it would have meant on a bill done by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from monitor.insight.proposals import ASSUMES, proposals
from monitor.tariffs.model import Usage, UsagePeriod
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.pricing import price

PLAIN = Tariff.model_validate({
    "id": "day", "currency": "SEK",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 4, "vat": 25}]}],
})  # fmt: skip
WITH_IDLE = Tariff.model_validate({
    "id": "idle", "currency": "SEK",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 4}, {"type": "PARKING_TIME", "price": 30}]}],
})  # fmt: skip


def cost(tariff: Tariff, hour: int) -> Decimal:
    """10 kWh in half an hour from an hour of the day on, then half an hour idle."""
    start = datetime(2026, 3, 4, hour, tzinfo=UTC)
    half = start + timedelta(minutes=30)
    end = half + timedelta(minutes=30)
    periods = (UsagePeriod(start, half, "charging", Decimal(10_000)), UsagePeriod(half, end, "parking", Decimal(0)))
    return price(Usage(start, end, periods), tariff, ZoneInfo("UTC")).total.excl_vat


@pytest.mark.parametrize(
    ("name", "noon", "evening", "night"),
    [
        ("idle_fee", 70, 70, 70),
        ("evening_price", 40, 48, 40),
        ("start_fee", 50, 50, 50),
        ("night_discount", 40, 40, 32),
    ],
)
def test_what_each_would_have_meant(name: str, noon: int, evening: int, night: int) -> None:
    tariff = next(each.tariff for each in proposals(PLAIN) if each.name == name)
    assert [cost(tariff, hour) for hour in (12, 18, 23)] == [noon, evening, night]
    assert cost(PLAIN, 12) == 40


def test_what_a_tariff_has_already_is_not_proposed() -> None:
    assert [each.name for each in proposals(WITH_IDLE)] == ["evening_price", "start_fee", "night_discount"]


def test_a_start_fee_is_not_allowed_where_afir_holds() -> None:
    assert {each.name: each.allowed for each in proposals(PLAIN)}["start_fee"] is False
    assert {each.name: each.allowed for each in proposals(PLAIN)}["idle_fee"] is True


def test_each_says_what_it_assumes_in_both_languages() -> None:
    assert {each.name for each in proposals(PLAIN)} == ASSUMES.keys()
    assert all({"en", "sv"} == said.keys() for said in ASSUMES.values())

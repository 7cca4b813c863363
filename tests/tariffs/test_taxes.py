"""2.3.0: whether prices contain taxes, and what is not known where no rate is told."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.tariffs.describe import describe
from monitor.tariffs.model import Amount, Usage
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.priced_cdr import taxes_of
from monitor.tariffs.pricing import price
from monitor.tariffs.rounding import PER_TOTAL, Policy

Make = Callable[..., Any]
D = Decimal
UTC_ZONE = ZoneInfo("UTC")
RATED = "- price_components: [{type: ENERGY, price: 3, vat: 25}, {type: FLAT, price: 10, vat: 6}]"
MIXED = "- price_components: [{type: ENERGY, price: 3, vat: 25}, {type: FLAT, price: 10}]"
BARE = "- price_components: [{type: ENERGY, price: 3}]"


@pytest.fixture
def ten_kwh(session: Callable[..., Usage]) -> Usage:
    return session(datetime(2026, 6, 1, 12, tzinfo=UTC), ("charging", 60, 10))


@pytest.mark.parametrize(
    ("elements", "tax_included", "total"),
    [
        (RATED, None, Amount(D(40), D("48.1"))),
        (RATED, "NO", Amount(D(40), D("48.1"))),
        (RATED, "YES", Amount(D("33.433962264151"), D(40))),  # 30 / 1.25 + 10 / 1.06
        (RATED, "N/A", Amount(D(40), D(40))),
        (MIXED, "NO", Amount(D(40), D("47.5"))),  # "if omitted, no VAT is applicable"
        (MIXED, "YES", Amount(D(34), D(40))),
        (BARE, None, Amount(D(30), D(30))),
        (BARE, "NO", Amount(D(30), None)),
        (BARE, "YES", Amount(None, D(30))),
        (BARE, "N/A", Amount(D(30), D(30))),
    ],
)
def test_tax_included(elements: str, tax_included: str | None, total: Amount, tariff: Make, ten_kwh: Usage) -> None:
    rules: Tariff = tariff(elements, f"tax_included: {tax_included}" if tax_included else "")
    bill = price(ten_kwh, rules, UTC_ZONE)
    assert bill.total == total
    unknown = total.excl_vat is None or total.incl_vat is None
    assert bool(bill.warnings) == (unknown or (tax_included == "N/A" and elements == RATED))


@pytest.mark.parametrize(
    ("head", "total"),
    [
        ("max_price: {before_taxes: 20, after_taxes: 24}", Amount(None, D(24))),
        ("max_price: {before_taxes: 20}", Amount(None, D(30))),  # nobody knows whether 30 with tax is over 20 without
        ("min_price: {before_taxes: 40, after_taxes: 50}", Amount(None, D(50))),
    ],
)
def test_limits_where_the_net_price_is_unknown(head: str, total: Amount, tariff: Make, ten_kwh: Usage) -> None:
    bill = price(ten_kwh, tariff(BARE, f"tax_included: YES\n{head}"), UTC_ZONE)
    assert bill.total == total
    assert any("not applied" in warning for warning in bill.warnings) == ("after_taxes" not in head)


def test_taxes_by_rate_sum_to_what_is_between_the_totals(tariff: Make, ten_kwh: Usage) -> None:
    bill = price(ten_kwh, tariff(RATED, "tax_included: YES"), UTC_ZONE)
    assert taxes_of(bill.total, bill.lines, PER_TOTAL) == {
        "before_taxes": D("33.434"),
        "taxes": [
            {"name": "VAT", "percentage": D(25), "amount": D(6)},
            {"name": "VAT", "percentage": D(6), "amount": D("0.566")},
        ],
    }


def test_words_say_what_is_with_the_price(tariff: Make) -> None:
    assert describe(tariff(BARE, "tax_included: YES"), "en") == ["Energy: 3,00 SEK per kWh", "Prices include taxes"]
    assert describe(tariff(BARE, "tax_included: NO"), "sv")[-1] == "Skatter tillkommer"
    assert describe(tariff(RATED, "tax_included: YES"), "en")[0] == "Energy: 3,00 SEK per kWh"


@pytest.mark.parametrize(
    ("policy", "total"),
    [
        (Policy(), Amount(D("0.0999"), D("0.0999"))),
        (Policy(digits=2), Amount(D("0.1"), D("0.1"))),
        (Policy(per="line", digits=2), Amount(D("0.08"), D("0.08"))),  # 0.045 and 0.0549 are 0.05 and 0.05; limit -0.02
        (Policy(per="line", mode="half-even", digits=2), Amount(D("0.08"), D("0.08"))),
    ],
)
def test_rounding_is_a_policy(policy: Policy, total: Amount, tariff: Make, session: Make) -> None:
    limit = "max_price: {excl_vat: 0.08}" if policy.per == "line" else ""
    rules = tariff("- price_components: [{type: ENERGY, price: 0.09}, {type: FLAT, price: 0.0549}]", limit)
    bill = price(session(datetime(2026, 6, 1, tzinfo=UTC), ("charging", 60, "0.5")), rules, UTC_ZONE, policy)
    assert policy.total(bill.total) == total
    assert sum(line.amount.excl_vat for line in bill.lines) == bill.total.excl_vat
    if policy.per == "line":
        assert bill.lines[0].amount.excl_vat == (D("0.05") if policy.mode == "half-up" else D("0.04"))

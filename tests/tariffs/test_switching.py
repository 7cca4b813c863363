"""Charging periods that name several tariffs: each is priced by its own, and the session stays one."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.tariffs.cdr import Cdr, FoundCdr, Text
from monitor.tariffs.foreign import choose
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.priced_cdr import PricedCdr, price_cdr, to_json
from monitor.tariffs.rounding import PER_TOTAL

D = Decimal
DAY = [{"price_components": [{"type": "ENERGY", "price": D("0.2"), "vat": 20, "step_size": 1000}]}]
GREEN = [{"price_components": [{"type": "ENERGY", "price": D("0.3"), "step_size": 500}, {"type": "FLAT", "price": 1}]}]


@pytest.fixture
def priced() -> Callable[..., PricedCdr]:
    """Half an hour of 4.3 kWh for each name from 16:00Z on, under tariffs of these elements."""

    def price(names: list[str | None], **tariffs: Any) -> PricedCdr:
        found = cdr(names)
        fields = {name: each if isinstance(each, dict) else {"elements": each} for name, each in tariffs.items()}
        offered = [Tariff.model_validate({"id": name, "currency": "EUR", **each}) for name, each in fields.items()]
        tariff, remarks = choose(found.cdr, offered, "cdr.json")
        return price_cdr(found, tariff, ZoneInfo("UTC"), PER_TOTAL, remarks)

    return price


def cdr(names: list[str | None]) -> FoundCdr:
    periods = [
        {
            "start_date_time": f"2026-06-01T{16 + index // 2}:{index % 2 * 30:02}:00Z",
            "dimensions": [{"type": "ENERGY", "volume": D("4.3")}],
            "tariff_id": name,
        }
        for index, name in enumerate(names)
    ]
    end = f"2026-06-01T{16 + len(names) // 2}:{len(names) % 2 * 30:02}:00Z"
    content = {"start_date_time": "2026-06-01T16:00:00Z", "end_date_time": end, "currency": "EUR",
               "charging_periods": periods}  # fmt: skip
    return FoundCdr(Cdr.model_validate(content), content, Text("cdr.json", ""), ())


def lines(priced: PricedCdr) -> list[tuple[Any, ...]]:
    answer = to_json(priced, PER_TOTAL)
    return [(each["tariff_id"], each["dimension"], each["quantity"], each["excl_vat"]) for each in answer["lines"]]


def test_each_period_by_its_own_and_steps_of_the_session_once(priced: Callable[..., PricedCdr]) -> None:
    found = priced(["day", "green"], day=DAY, green=GREEN)
    # 8.6 kWh are 9 in the steps of the tariff used last: nothing is rounded where the tariffs change.
    assert lines(found) == [
        ("day", "ENERGY", D("4.3"), D("0.86")),
        ("green", "ENERGY", D("4.7"), D("1.41")),
        ("green", "FLAT", 1, 1),
    ]
    assert found.warnings == ()
    assert [line.reason["en"] for line in found.bill.lines] == [
        "always", "always; rounded up to whole 500 Wh", "once per session",
    ]  # fmt: skip
    assert found.bill.total.incl_vat == D("3.442")


def test_durations_and_energy_count_from_the_start_of_the_session(priced: Callable[..., PricedCdr]) -> None:
    cheap = {"price_components": [{"type": "ENERGY", "price": D("0.1"), "step_size": 0}],
             "restrictions": {"min_kwh": 6}}  # fmt: skip
    assert lines(priced(["day", "green"], day=DAY, green=[cheap])) == [
        ("day", "ENERGY", D("4.3"), D("0.86")),
        ("green", "ENERGY", D("2.6"), D("0.26")),
    ]


def test_there_and_back_is_one_line(priced: Callable[..., PricedCdr]) -> None:
    found = priced(["day", "green", "day"], day=DAY, green=GREEN)
    assert lines(found)[0] == ("day", "ENERGY", D("8.7"), D("1.74"))


@pytest.mark.parametrize("name", [None, "gone"])
def test_a_period_that_names_no_tariff_is_not_billed(name: str | None, priced: Callable[..., PricedCdr]) -> None:
    found = priced(["day", "green", name], day=DAY, green=GREEN)
    assert found.bill.total.excl_vat == D("3.27")
    (warning,) = found.warnings
    assert warning.startswith("charging period 2 (2026-06-01T17:00:00Z) names")
    assert warning.endswith("it was not billed")


def test_one_tariff_prices_all_whatever_the_periods_name(priced: Callable[..., PricedCdr]) -> None:
    assert lines(priced(["day", None, "gone"], day=DAY))[0][2:] == (13, D("2.6"))
    assert lines(priced([None, None], day=DAY))[0][2:] == (9, D("1.8"))


@pytest.mark.parametrize(
    ("green", "why"),
    [
        ({"elements": GREEN, "currency": "SEK"}, "they are in different currencies"),
        ({"elements": GREEN, "tax_included": "YES"}, "they do not say taxes alike"),
    ],
    ids=["currency", "taxes"],
)
def test_why_several_do_not_go_together(green: Any, why: str, priced: Callable[..., PricedCdr]) -> None:
    found = priced(["day", "green"], day=DAY, green=green)
    assert found.warnings == (f"the periods name the tariffs day, green, but {why}: 'day' priced all of them",)
    assert lines(found)[0] == ("day", "ENERGY", 9, D("1.8"))


def test_price_limits_bind_as_far_as_all_tariffs_have_them(priced: Callable[..., PricedCdr]) -> None:
    day = {"elements": DAY, "max_price": {"excl_vat": 2}}
    assert priced(["day", "green"], day=day, green=GREEN).bill.total.excl_vat == D("3.27")
    green = {"elements": GREEN, "max_price": {"excl_vat": 3, "incl_vat": 3}}
    found = priced(["day", "green"], day={**day, "max_price": {"excl_vat": 2, "incl_vat": 2}}, green=green)
    assert (found.bill.total.excl_vat, found.bill.total.incl_vat) == (3, 3)
    assert lines(found)[-1] == ("day", "MAX_PRICE", 1, D("-0.27"))


def test_of_two_versions_the_valid_one_counts(priced: Callable[..., PricedCdr]) -> None:
    old = Tariff.model_validate(
        {"id": "day", "currency": "EUR", "elements": GREEN, "end_date_time": "2020-01-01T00:00:00Z"}
    )
    new = Tariff.model_validate({"id": "day", "currency": "EUR", "elements": DAY})
    assert choose(cdr(["day"]).cdr, [old, new], "cdr.json") == (new, ())

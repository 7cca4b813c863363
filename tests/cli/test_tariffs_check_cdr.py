"""`laddvakt tariffs check-cdr`: each kind of difference is named."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from monitor.cli import commands

COMPONENTS = [{"type": "ENERGY", "price": 0.3333, "vat": 20}, {"type": "FLAT", "price": 0.125, "vat": 20}]
TARIFF = {"id": "t", "currency": "EUR", "elements": [{"price_components": COMPONENTS}]}
RIGHT = {
    "country_code": "SE", "party_id": "LAV", "id": "c", "start_date_time": "2026-06-01T16:00:00Z",
    "end_date_time": "2026-06-01T17:00:00Z", "cdr_token": {}, "auth_method": "WHITELIST", "cdr_location": {},
    "currency": "EUR", "tariffs": [TARIFF], "last_updated": "2026-06-01T17:00:00Z", "total_energy": 10.5,
    "total_time": 1, "total_cost": {"excl_vat": 3.6247, "incl_vat": 4.3496},
    "charging_periods": [
        {"start_date_time": "2026-06-01T16:00:00Z", "dimensions": [{"type": "ENERGY", "volume": 10.5}]}
    ],
}  # fmt: skip


@pytest.fixture
def differences(tmp_path: Path) -> Callable[..., list[Any]]:
    def run(**changes: Any) -> list[Any]:
        content = {key: value for key, value in {**RIGHT, **changes}.items() if value is not None}
        (tmp_path / "cdr.json").write_text(json.dumps(content), encoding="utf-8")
        arguments = ["tariffs", "check-cdr", "--cdr", str(tmp_path / "cdr.json"), "--zone", "UTC", "--json"]
        result = CliRunner().invoke(commands, arguments)
        answer = json.loads(result.stdout, parse_float=Decimal)
        assert result.exit_code == (1 if answer["differences"] else 0)
        told = [(each["kind"], each["field"], each["stated"], each["ours"]) for each in answer["differences"]]
        return [(*one, each["note"]) for one, each in zip(told, answer["differences"], strict=True)]

    return run


def test_a_right_one_has_none(differences: Callable[..., list[Any]]) -> None:
    assert differences() == []
    taxes = {"before_taxes": 3.6247, "taxes": [{"name": "VAT", "amount": 0.7249}]}
    assert differences(total_cost=taxes) == []


def test_quantities(differences: Callable[..., list[Any]]) -> None:
    assert differences(total_energy=10.6, total_time=1.5, total_parking_time=0.25) == [
        ("energy", "total_energy", Decimal("10.6"), Decimal("10.5"), ""),
        ("time", "total_time", Decimal("1.5"), 1, ""),
        ("parking", "total_parking_time", Decimal("0.25"), 0, ""),
    ]


def test_prices_and_how_they_were_rounded(differences: Callable[..., list[Any]]) -> None:
    stated = {"excl_vat": 3.63, "incl_vat": 4.35}
    assert differences(total_cost=stated) == [
        # 3.49965 and 0.125 are 3.50 and 0.13; 4.19958 and 0.15 are 4.20 and 0.15.
        ("price", "total_cost.excl_vat", Decimal("3.63"), Decimal("3.6247"), "rounding: each line to 2 decimals"),
        ("price", "total_cost.incl_vat", Decimal("4.35"), Decimal("4.3496"), "rounding: the total to 2 decimals"),
    ]
    (wrong,) = differences(total_energy_cost={"excl_vat": 5})
    assert wrong == ("price", "total_energy_cost.excl_vat", 5, Decimal("3.4997"), "")


def test_what_is_missing(differences: Callable[..., list[Any]]) -> None:
    assert [each[:2] for each in differences(auth_method=None, total_energy=None)] == [
        ("missing", "auth_method"), ("missing", "total_energy"),
    ]  # fmt: skip


def test_periods_that_should_have_been_split_and_dimensions_without_a_price(
    differences: Callable[..., list[Any]],
) -> None:
    evening = {
        "price_components": [{"type": "ENERGY", "price": 0.3333, "vat": 20}],
        "restrictions": {"start_time": "16:30"},
    }
    tariff = {**TARIFF, "elements": [evening, *TARIFF["elements"]]}
    (split,) = differences(tariffs=[tariff])
    assert "2026-06-01T16:30:00Z" in split[4]
    volumes = [{"type": "ENERGY", "volume": 10.5}, {"type": "TIME", "volume": 1}]
    assert differences(charging_periods=[{**RIGHT["charging_periods"][0], "dimensions": volumes}]) == [
        ("periods", "TIME", 1, None, "the tariff does not price this dimension")
    ]


def test_each_period_rounded_by_itself(differences: Callable[..., list[Any]]) -> None:
    periods = [
        {"start_date_time": f"2026-06-01T16:{minute:02}:00Z", "dimensions": [{"type": "ENERGY", "volume": 3.5}]}
        for minute in (0, 20, 40)
    ]
    # 3.5 kWh at 0.3333 are 1.16655, and 0.125 more in the first; three times 1.17 and once 0.12 more.
    (told,) = differences(charging_periods=periods, total_cost={"excl_vat": 3.63, "incl_vat": 4.35})[:1]
    assert told[4] == "rounding: each line to 2 decimals"
    (told,) = differences(charging_periods=periods, total_energy_cost={"excl_vat": 3.51})
    assert told == (
        "price", "total_energy_cost.excl_vat", Decimal("3.51"), Decimal("3.4997"), "rounding: each period to 2 decimals"
    )  # fmt: skip

"""`laddvakt tariffs price`: one CDR, many, with their own tariffs, and what is wrong with them."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from monitor.cli import commands
from monitor.errors import FileProblems

D = Decimal
TARIFF = {
    "id": "t",
    "currency": "EUR",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 0.3, "vat": 20}]}],
}
ZERO = {"excl_vat": 0, "incl_vat": 0}


def cdr(*volumes: dict[str, float], **fields: Any) -> dict[str, Any]:
    """Periods of half an hour from 16:00Z on."""
    periods = [
        {
            "start_date_time": f"2026-06-01T{16 + index // 2}:{index % 2 * 30:02}:00Z",
            "dimensions": [{"type": name, "volume": volume} for name, volume in each.items()],
        }
        for index, each in enumerate(volumes)
    ]
    end = f"2026-06-01T{16 + len(volumes) // 2}:{len(volumes) % 2 * 30:02}:00Z"
    return {
        "start_date_time": "2026-06-01T16:00:00Z", "end_date_time": end, "currency": "EUR",
        "charging_periods": periods, **fields,
    }  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Any]:
    def call(cdrs: Any, tariff: Any = TARIFF, *options: str, text: str | None = None) -> Any:
        (tmp_path / "cdr.json").write_text(json.dumps(cdrs) if text is None else text, encoding="utf-8")
        (tmp_path / "tariff.json").write_text(json.dumps(tariff), encoding="utf-8")
        arguments = ["tariffs", "price", "--cdr", str(tmp_path / "cdr.json"), "--zone", "Europe/Stockholm", "--json"]
        arguments += ["--tariff", str(tmp_path / "tariff.json")] if tariff else []
        result = CliRunner().invoke(commands, [*arguments, *options], catch_exceptions=False)
        return json.loads(result.stdout, parse_float=D)

    return call


def test_one_cdr_is_one_object(run: Callable[..., Any]) -> None:
    answer = run(cdr({"ENERGY": 10.5, "TIME": 0.5}, {"PARKING_TIME": 0.5}, id="x"))
    lines = answer.pop("lines")
    assert answer == {
        "id": "x", "tariff_id": "t", "currency": "EUR", "total_cost": {"excl_vat": D("3.15"), "incl_vat": D("3.78")},
        "total_fixed_cost": ZERO, "total_energy_cost": {"excl_vat": D("3.15"), "incl_vat": D("3.78")},
        "total_time_cost": ZERO, "total_parking_cost": ZERO, "total_reservation_cost": ZERO,
        "total_energy": D("10.5"), "total_time": 1, "total_parking_time": D("0.5"), "warnings": [],
    }  # fmt: skip
    assert [(each["element"], each["quantity"], each["unit_price"], each["excl_vat"]) for each in lines] == [
        (0, D("10.5"), D("0.3"), D("3.15"))
    ]


def test_several_come_as_an_array_in_order_each_with_its_own_tariff(run: Callable[..., Any]) -> None:
    dear = {**TARIFF, "id": "dear", "elements": [{"price_components": [{"type": "FLAT", "price": 7}]}]}
    cdrs = [cdr({"ENERGY": 1}, tariffs=[TARIFF]), cdr({"ENERGY": 1}, tariffs=[dear])]
    expected = [D("0.3"), D(7)]
    assert [each["total_cost"]["excl_vat"] for each in run(cdrs, None)] == expected
    one_a_line = "\n".join(json.dumps(each) for each in cdrs)
    assert [each["total_cost"]["excl_vat"] for each in run(None, None, text=one_a_line)] == expected
    assert [each["total_cost"]["excl_vat"] for each in run(cdrs)] == [D("0.3"), D("0.3")]
    assert len(run(cdrs[:1])) == 1


def test_periods_name_their_tariff(run: Callable[..., Any]) -> None:
    other = {**TARIFF, "id": "other", "elements": [{"price_components": [{"type": "FLAT", "price": 7}]}]}
    named = cdr({"ENERGY": 1}, tariffs=[TARIFF, other])
    assert any("name none" in warning for warning in run(named, None)["warnings"])
    named["charging_periods"][0]["tariff_id"] = "other"
    assert (run(named, None)["tariff_id"], run(named, None)["warnings"]) == ("other", [])


def test_costs_in_the_cdr_are_ignored(run: Callable[..., Any]) -> None:
    stated = cdr({"ENERGY": 10}, total_cost={"excl_vat": 99}, total_energy=55, total_time=9)
    assert run(stated) == run(cdr({"ENERGY": 10}))


def test_a_border_inside_a_period_is_split_and_named(run: Callable[..., Any]) -> None:
    evening = {"price_components": [{"type": "ENERGY", "price": 1}], "restrictions": {"start_time": "18:15"}}
    answer = run(cdr({"ENERGY": 4}), {**TARIFF, "elements": [evening, *TARIFF["elements"]]})
    assert answer["total_cost"]["excl_vat"] == D("2.6")  # half of it after 18:15 in Stockholm, 16:15Z
    assert [warning for warning in answer["warnings"] if "2026-06-01T16:15:00Z" in warning]


def test_a_restriction_between_min_and_max_is_a_warning(run: Callable[..., Any]) -> None:
    fast = {"price_components": [{"type": "ENERGY", "price": 1}], "restrictions": {"min_power": 8}}
    tariff = {**TARIFF, "elements": [fast, *TARIFF["elements"]]}
    doubtful = run(cdr({"ENERGY": 5, "MIN_POWER": 2, "MAX_POWER": 12}), tariff)
    assert any("between MIN_POWER 2 and MAX_POWER 12 kW" in warning for warning in doubtful["warnings"])
    assert doubtful["total_cost"]["excl_vat"] == 5  # 10 kW by energy over time
    sure = run(cdr({"ENERGY": 5, "MIN_POWER": 9, "MAX_POWER": 12}), tariff)
    assert sure["warnings"] == []
    stated = run(cdr({"ENERGY": 5, "POWER": 7}), tariff)
    assert stated["total_cost"]["excl_vat"] == D("1.5")


def test_max_current_counts_where_current_is_missing(run: Callable[..., Any]) -> None:
    strong = {"price_components": [{"type": "ENERGY", "price": 1}], "restrictions": {"min_current": 32}}
    tariff = {**TARIFF, "elements": [strong, *TARIFF["elements"]]}
    assert run(cdr({"ENERGY": 5, "MAX_CURRENT": 43}), tariff)["total_cost"]["excl_vat"] == 5
    assert run(cdr({"ENERGY": 5}), tariff)["total_cost"]["excl_vat"] == D("1.5")


def test_charging_and_parking_in_one_period(run: Callable[..., Any]) -> None:
    parts = [{"type": "TIME", "price": 2}, {"type": "PARKING_TIME", "price": 10}]
    answer = run(
        cdr({"ENERGY": 5, "TIME": 0.3, "PARKING_TIME": 0.2}), {**TARIFF, "elements": [{"price_components": parts}]}
    )
    assert answer["total_time_cost"]["excl_vat"] == D("0.6")
    assert answer["total_parking_cost"]["excl_vat"] == 2
    assert any("should have been split" in warning for warning in answer["warnings"])


def test_a_reservation_that_expired(run: Callable[..., Any]) -> None:
    reserved = {"price_components": [{"type": "TIME", "price": 4}], "restrictions": {"reservation": "RESERVATION"}}
    expired = {
        "price_components": [{"type": "FLAT", "price": 3}],
        "restrictions": {"reservation": "RESERVATION_EXPIRES"},
    }
    tariff = {**TARIFF, "min_price": {"excl_vat": 50}, "elements": [*TARIFF["elements"], reserved, expired]}
    answer = run(cdr({"RESERVATION_TIME": 0.5}), tariff)
    assert answer["total_reservation_cost"] == answer["total_cost"] == {"excl_vat": 5, "incl_vat": 5}
    assert answer["total_time"] == 0
    used = run(cdr({"RESERVATION_TIME": 0.5}, {"ENERGY": 10}), tariff)
    assert (used["total_reservation_cost"]["excl_vat"], used["total_cost"]["excl_vat"]) == (2, 50)


def test_what_ocpi_does_not_know_is_an_error_or_left_out(run: Callable[..., Any]) -> None:
    carbon = {"type": "CARBON", "price": 1}
    odd = {"price_components": [{"type": "ENERGY", "price": 9}], "restrictions": {"min_soc": 80, "min_kwh": 5}}
    tariff = {**TARIFF, "elements": [{"price_components": [carbon]}, odd, *TARIFF["elements"]]}
    with pytest.raises(FileProblems) as raised:
        run(cdr({"ENERGY": 1}), tariff)
    said = str(raised.value)
    assert "OCPI knows no 'CARBON'" in said
    assert "unknown key 'min_soc'" in said
    answer = run(cdr({"ENERGY": 10}), tariff, "--lenient")
    assert [line["element"] for line in answer["lines"]] == [2, 1]
    assert answer["total_cost"]["excl_vat"] == D("46.5")  # 5 kWh at 0.30, then 5 at 9
    assert sum("left out" in warning for warning in answer["warnings"]) == 3


def test_nulls_of_a_writer_mean_nothing(run: Callable[..., Any]) -> None:
    component = {"type": "ENERGY", "price": 0.3, "vat": None, "step_size": None}
    limits = dict.fromkeys(("start_time", "end_date", "min_kwh", "max_power", "day_of_week", "reservation"))
    element = {"price_components": [component], "restrictions": limits}
    nulls = {**TARIFF, "elements": [element], "min_price": None, "tariff_alt_text": [], "x_uuid": "our own"}
    answer = run(cdr({"ENERGY": 10}), nulls)
    assert answer["total_cost"]["excl_vat"] == 3
    assert answer["warnings"] == ["tariff 't': field 'x_uuid' is none of OCPI's: ignored"]


def test_mistakes_come_with_their_place(run: Callable[..., Any]) -> None:
    first, second = cdr({"ENERGY": 1}), cdr({"ENERGY": 1})
    del second["end_date_time"]
    with pytest.raises(FileProblems, match=r"cdr\.json:2:\d+: 'end_date_time' is missing"):
        run(None, text=f"{json.dumps(first)}\n{json.dumps(second)}\n")
    broken = cdr({"ENERGI": 1})
    with pytest.raises(FileProblems, match=r"cdr\.json:1:\d+: type: OCPI knows no 'ENERGI'; did you mean 'ENERGY'"):
        run(broken)


def test_ten_days_across_the_clock_change(run: Callable[..., Any]) -> None:
    night = {
        "price_components": [{"type": "TIME", "price": 1}],
        "restrictions": {"start_time": "01:00", "end_time": "04:00"},
    }
    long = cdr({"TIME": 240})
    long |= {"start_date_time": "2026-10-20T00:00:00Z", "end_date_time": "2026-10-30T00:00:00Z"}
    long["charging_periods"][0]["start_date_time"] = "2026-10-20T00:00:00Z"
    # Ten nights of three hours, the first begun an hour late, and an hour more on the night of 25 October.
    assert run(long, {**TARIFF, "elements": [night]})["total_cost"]["excl_vat"] == 30


def test_what_never_holds_is_no_reason_not_to_price(run: Callable[..., Any]) -> None:
    energy = {"price_components": [{"type": "ENERGY", "price": 9}], "restrictions": {"min_kwh": 5, "max_kwh": 5}}
    twice = {"price_components": [{"type": "ENERGY", "price": 0.5}, {"type": "ENERGY", "price": 7}]}
    answer = run(cdr({"ENERGY": 10}), {**TARIFF, "elements": [energy, twice]})
    assert (answer["total_cost"]["excl_vat"], answer["lines"][0]["element"]) == (5, 1)
    assert [warning.split(": ", 1)[1] for warning in answer["warnings"]] == [
        "min_kwh is not below max_kwh, it never holds: left out",
        "ENERGY is priced twice, the first counts: left out",
    ]

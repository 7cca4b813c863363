"""`laddvakt tariffs price` on CDRs and tariffs as nobody should send them: a price and a word, or a clear mistake."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from monitor.cli import commands
from monitor.errors import FileProblems, UsageError

AT, LATER = "2026-06-01T16:00:00Z", "2026-06-01T17:00:00Z"
ENERGY = {"price_components": [{"type": "ENERGY", "price": 1}]}


def tariff(*elements: Any, **fields: Any) -> dict[str, Any]:
    return {"id": "t", "currency": "EUR", "elements": elements or [ENERGY], **fields}


def cdr(dimensions: Any, start: Any = AT, end: Any = LATER) -> dict[str, Any]:
    period = {"start_date_time": start, **({} if dimensions is None else {"dimensions": dimensions})}
    return {"start_date_time": start, "end_date_time": end, "currency": "EUR", "charging_periods": [period]}


def used(**volumes: float) -> list[dict[str, Any]]:
    return [{"type": name, "volume": volume} for name, volume in volumes.items()]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Any]:
    def call(cdrs: Any, tariff: Any, *options: str) -> Any:
        (tmp_path / "cdr.json").write_text(cdrs if isinstance(cdrs, str) else json.dumps(cdrs), encoding="utf-8")
        (tmp_path / "tariff.json").write_text(json.dumps(tariff), encoding="utf-8")
        files = ["--cdr", str(tmp_path / "cdr.json"), "--tariff", str(tmp_path / "tariff.json")]
        arguments = ["tariffs", "price", *files, "--zone", "Europe/Stockholm", "--json", *options]
        return json.loads(CliRunner().invoke(commands, arguments, catch_exceptions=False).stdout)

    return call


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-06-01t16:00:00z", "2026-06-01t17:00:00z", 1),
        ("2026-06-01T16:00:00", "2026-06-01T17:00:00", 1),  # OCPI: without a zone it is UTC
        ("2026-06-01T21:30:00+05:30", "2026-06-01T13:00:00-04:00", 1),
        ("2026-06-01T16:00:00.500Z", "2026-06-01T16:00:00.500Z", 0),
    ],
)
def test_times_in_every_form(start: str, end: str, hours: int, run: Callable[..., Any]) -> None:
    answer = run(cdr(used(ENERGY=2), start, end), tariff())
    assert (answer["total_time"], answer["total_cost"]["excl_vat"], answer["warnings"]) == (hours, 2, [])


@pytest.mark.parametrize("dimensions", [None, [], "null"])
def test_a_period_without_volumes(dimensions: Any, run: Callable[..., Any]) -> None:
    flat = {"price_components": [{"type": "FLAT", "price": 3}]}
    text = json.dumps(cdr(dimensions)).replace('"null"', "null")
    assert run(text, tariff(flat))["total_cost"]["excl_vat"] == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (json.dumps(cdr(used(ENERGY=0.5))).replace("0.5", "1e400"), "1e400 is no number that"),
        (cdr(used(ENERGY=10**15)), "1000000000000000 is no number that"),
        (cdr(used(ENERGY=10**400)), "00000 is no number that"),
        (cdr(used(TIME=-1)), "TIME -1 is below 0; a time cannot be"),
        (cdr([{"type": "ENERGY", "volume": "10"}]), "'10' is no number; write it without quotes"),
        (cdr(used(ENERGY=1), "9999-12-31T23:59:59-01:00"), "is outside the years 1 to 9999"),
        ("[1]", r"is no object with the keys charging_periods,"),
    ],
    ids=["infinite", "too large", "absurd", "time backwards", "quoted", "beyond the calendar", "no object"],
)
def test_what_cannot_be_meant_is_a_mistake_with_its_place(content: Any, said: str, run: Callable[..., Any]) -> None:
    with pytest.raises(FileProblems, match=rf"cdr\.json:1:\d+: .*{said}"):
        run(content, tariff())


def test_whole_numbers_may_be_written_with_a_fraction(run: Callable[..., Any]) -> None:
    timed = {
        "price_components": [{"type": "TIME", "price": 6, "step_size": 60.0}],
        "restrictions": {"min_duration": 1800.0},
    }
    assert run(cdr(used(TIME=1)), tariff(timed))["total_cost"]["excl_vat"] == 3
    with pytest.raises(FileProblems, match="step_size: must be a whole number"):
        run(cdr(used(TIME=1)), tariff({"price_components": [{"type": "TIME", "price": 6, "step_size": 1.5}]}))
    with pytest.raises(FileProblems, match="max_duration: must be less than or equal to"):
        run(cdr(used(TIME=1)), tariff({**timed, "restrictions": {"max_duration": 10**10}}))


def test_energy_in_no_time_has_no_power(run: Callable[..., Any]) -> None:
    fast = {**ENERGY, "restrictions": {"min_power": 5}}
    answer = run(cdr(used(ENERGY=2), AT, AT), tariff(fast))
    assert answer["total_cost"]["excl_vat"] == 0
    assert any("asks for the power, which is not known" in warning for warning in answer["warnings"])


def test_lenient_leaves_out_volumes_types_and_prices_that_ocpi_does_not_know(run: Callable[..., Any]) -> None:
    reserved = {"price_components": [*ENERGY["price_components"], {"type": "FLAT", "price": 9}],
                "restrictions": {"reservation": "RESERVATION"}}  # fmt: skip
    strange = cdr(used(CARBON=3, ENERGY=2))
    with pytest.raises(FileProblems, match="OCPI knows no 'CARBON'"):
        run(strange, tariff())
    answer = run(strange, tariff(reserved, ENERGY, type="SPOT"), "--lenient")
    assert answer["total_cost"]["excl_vat"] == 2
    assert [warning.split(": ", 1)[1] for warning in answer["warnings"]] == [
        "OCPI knows no tariff type 'SPOT': left out",
        "a reservation cannot be priced by ENERGY: left out",
        "OCPI knows no volume 'CARBON': left out",
    ]


@pytest.mark.parametrize(
    "restrictions", [{"day_of_week": ["FUNDAY"]}, {"reservation": "PERHAPS"}], ids=["weekday", "reservation"]
)
def test_lenient_does_not_let_an_element_hold_at_other_times(restrictions: Any, run: Callable[..., Any]) -> None:
    flat = {"price_components": [{"type": "FLAT", "price": 1}], "restrictions": restrictions}
    with pytest.raises(FileProblems, match="OCPI knows no"):
        run(cdr(used(ENERGY=1)), tariff(flat), "--lenient")


def test_places_are_those_of_the_file_where_something_before_was_left_out(
    tmp_path: Path, run: Callable[..., Any]
) -> None:
    wrong = {"price_components": [{"type": "CARBON", "price": 1}, {"type": "ENERGY", "price": "1"}]}
    with pytest.raises(FileProblems) as raised:
        run(cdr(used(ENERGY=1)), tariff(wrong), "--lenient")
    text = (tmp_path / "tariff.json").read_text(encoding="utf-8")
    assert [problem.column for problem in raised.value.problems] == [text.index('1"') + 1]  # within the quotes


def test_a_zone_that_is_not_there(run: Callable[..., Any]) -> None:
    with pytest.raises(UsageError, match="no time zone 'europe/stockholm'; did you mean Europe/Stockholm"):
        run(cdr(used(ENERGY=1)), tariff(), "--zone", "europe/stockholm")

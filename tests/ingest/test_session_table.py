"""Columns of a CSV of sessions: times of every writing, both DST changes, and what is wrong row by row."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.errors import InputError
from monitor.ingest.session_table import Rows, Source, read
from monitor.units import from_us, to_us

NOW = to_us(datetime(2026, 12, 1, tzinfo=UTC))
STOCKHOLM, CHICAGO = ZoneInfo("Europe/Stockholm"), ZoneInfo("America/Chicago")
HEADER = "session,site,station,connector,plug_in,plug_out,energy_wh"


def zones(site: str) -> ZoneInfo:
    return CHICAGO if site == "chicago" else STOCKHOLM


@pytest.fixture
def table() -> Callable[..., Rows]:
    def of(*lines: str, header: str = HEADER, **mapping: Source) -> Rows:
        return read("\n".join([header, *lines]).encode(), mapping, zones, NOW)

    return of


def moments(rows: Rows, name: str) -> list[str]:
    return [from_us(us).strftime("%m-%d %H:%M") for us in rows.table[name].to_pylist()]


TIMES = {
    "offset": ("lund", "2026-05-01T10:00:00+02:00", "2026-05-01 12:00+0200", "05-01 08:00", "05-01 10:00"),
    "zulu": ("lund", "2026-05-01T10:00:00Z", "2026-05-01T12:00:00.5Z", "05-01 10:00", "05-01 12:00"),
    "summer": ("lund", "2026-05-01 10:00", "2026-05-01T12:00:00", "05-01 08:00", "05-01 10:00"),
    "another site": ("chicago", "2026-05-01 10:00", "2026-05-01 12:00", "05-01 15:00", "05-01 17:00"),
    "the hour that is not": ("lund", "2026-03-29 02:30", "2026-03-29 03:30", "03-29 01:00", "03-29 01:30"),
    "the first of two": ("lund", "2026-10-25 02:10", "2026-10-25 02:40", "10-25 00:10", "10-25 00:40"),
    "the second of two": ("lund", "2026-10-25 02:50", "2026-10-25 02:10", "10-25 00:50", "10-25 01:10"),
    "both kinds": ("lund", "2026-10-25T00:30:00Z", "2026-10-25 02:10", "10-25 00:30", "10-25 01:10"),
}


@pytest.mark.parametrize("case", TIMES.values(), ids=TIMES.keys())
def test_times(table: Any, case: tuple[str, str, str, str, str]) -> None:
    site, start, end, plug_in, plug_out = case
    # Beside a row of another site and writing: each is read for itself.
    rows = table(f"a,{site},l-1,1,{start},{end},1000", "b,chicago,x,1,2026-01-01 00:00,2026-01-01T01:00:00-06:00,5")
    assert rows.rejected == ()
    assert (moments(rows, "plug_in_us")[0], moments(rows, "plug_out_us")[0]) == (plug_in, plug_out)
    assert (moments(rows, "plug_in_us")[1], moments(rows, "plug_out_us")[1]) == ("01-01 06:00", "01-01 07:00")


GOOD = {"session": "a", "site": "lund", "station": "l-1", "connector": "1", "plug_in": "2026-05-01T10:00:00Z",
        "plug_out": "2026-05-01T12:00:00Z", "energy_wh": "1000", "charging_s": "", "soc_in": ""}  # fmt: skip
WRONG = {
    "no name": ({"connector": " "}, "connector is empty"),
    "no end": ({"plug_out": ""}, "plug_out is empty; only finished"),
    "no time": ({"plug_in": "yesterday"}, "plug_in is no time"),
    "no number": ({"energy_wh": "much"}, "energy_wh is no number"),
    "not a number": ({"energy_wh": "nan"}, "energy_wh is no number"),
    "below 0": ({"energy_wh": "-1"}, "energy_wh is below 0"),
    "before 2010": ({"plug_in": "1970-01-01T00:00:00Z"}, "plug_in is before 2010"),
    "to come": ({"plug_out": "2026-12-24T00:00:00Z"}, "plug_out is still to come"),
    "backwards": ({"plug_out": "2026-05-01T09:00:00Z"}, "plug_out is before plug_in"),
    "charged too long": ({"charging_s": "7300"}, "charging_s is longer than the session"),
    "too full": ({"soc_in": "101"}, "soc_in is over 100 percent"),
}


@pytest.mark.parametrize(("change", "reason"), WRONG.values(), ids=WRONG.keys())
def test_rows_that_are_wrong_are_named_with_their_line(table: Any, change: dict[str, str], reason: str) -> None:
    good = ",".join(GOOD.values())
    rows = table(good, ",".join({**GOOD, **change}.values()), good, header=",".join(GOOD))
    assert [(each.line, each.message.startswith(reason)) for each in rows.rejected] == [(3, True)], rows.rejected
    assert rows.table.num_rows == 2


def test_a_row_with_too_many_cells_is_named_and_the_lines_after_it_keep_their_numbers(table: Any) -> None:
    good = "a,lund,l-1,1,2026-05-01T10:00:00Z,2026-05-01T12:00:00Z,1000"
    rows = table(good, good + ",9", good, good.replace("1000", "x"))
    assert [(each.line, each.message) for each in rows.rejected] == [
        (3, "has 8 columns, the header 7"),
        (5, "energy_wh is no number: 'x'; write for example 11000 or 11000.5"),
    ]


def test_line_breaks_in_cells_and_empty_lines_shift_no_line_number(table: Any) -> None:
    good = "a,lund,l-1,1,2026-05-01T10:00:00Z,2026-05-01T12:00:00Z,1000"
    broken = good.replace("lund", '"lund\r\nnorr"')
    rows = table("", good, broken, "", good + ",9", broken, broken.replace("1000", "x"), good.replace("1000", "y"))
    assert [each.line for each in rows.rejected] == [7, 10, 12]
    assert rows.table["site"].to_pylist() == ["lund", "lund\r\nnorr", "lund\r\nnorr"]


def test_the_header_may_come_after_empty_lines(table: Any) -> None:
    row = "a,lund,l-1,1,2026-05-01T10:00:00Z,2026-05-01T12:00:00Z,"
    rows = table(row + "1000", row + "x", header="\n\nsession,site,station,connector,plug_in,plug_out,energy_wh")
    assert [each.line for each in rows.rejected] == [5]
    assert rows.table.num_rows == 1


def test_what_is_wrong_is_named_with_its_column_and_what_stands_there(table: Any) -> None:
    wrong = "a,lund,l-1,1,2026-05-01T10:00:00Z,2026-05-01T12:00:00Z,7,ninety"
    rows = table(wrong, header="session,site,station,connector,plug_in,plug_out,energy_wh,SoC", soc_in=Source("SoC"))
    (rejected,) = rows.rejected
    assert (rejected.line, rejected.column) == (2, "SoC")
    assert rejected.message == (
        "soc_in is no number: 'ninety' in column 'SoC'; write for example 11000 or 11000.5, or leave it empty where it "
        "is not known"
    )


def test_what_is_missing_is_missing(table: Any) -> None:
    rows = table("a,lund,l-1,1,2026-05-01T10:00:00Z,2026-05-01T12:00:00Z,")
    (row,) = rows.table.to_pylist()
    assert {row[name] for name in ("energy_wh", "charging_s", "soc_in", "user", "started_us")} == {None}


ROW = "{},lund,l-1,1,2026-05-01T10:00:00Z,2026-05-01T12:00:00Z,1000"
NEVER_CLOSED = {
    "to the end": [ROW.format("a"), ROW.format('"b'), ROW.format("c"), ROW.format("d")],
    "in the last cell": [ROW.format("a"), ROW.format("b").replace("1000", '"1000'), ROW.format("c")],
    "to the next quote": [ROW.format('"a"'), ROW.format('"b'), ROW.format('"c"'), ROW.format('"d"')],
    "beyond what a cell may hold": [ROW.format("a"), ROW.format('"b'), *[ROW.format("c")] * 3000],
}


@pytest.mark.parametrize("lines", NEVER_CLOSED.values(), ids=NEVER_CLOSED.keys())
def test_a_quote_that_is_never_closed_swallows_no_sessions(table: Any, lines: list[str]) -> None:
    with pytest.raises(InputError, match="line 3: .*quote"):
        table(*lines)


def test_quotes_within_a_cell_are_text(table: Any) -> None:
    rows = table(ROW.format('5" plug'), ROW.format('"6"" plug"'))
    assert rows.table["session"].to_pylist() == ['5" plug', '6" plug']


def test_a_file_whose_lines_end_with_carriage_returns_alone_is_read() -> None:
    lines = [HEADER, ROW.format("a"), ROW.format('"b, c"'), ROW.format("d").replace("1000", "x")]
    rows = read("\r".join(lines).encode(), {}, zones, NOW)
    assert rows.table["session"].to_pylist() == ["a", "b, c"]
    assert [each.line for each in rows.rejected] == [4]


def test_a_header_with_a_carriage_return_in_it_is_no_header(table: Any) -> None:
    with pytest.raises(InputError, match="has no column 'energy_wh'"):
        table(ROW.format("a"), header=HEADER.replace(",energy_wh", "\r,energy_wh"))


@pytest.mark.parametrize("written", ["2026-05-01T10:00:00+02", "2026-05-01T10+02", "2026-05-01 10:00-5"])
def test_a_zone_in_a_form_that_has_to_be_guessed_is_no_time(table: Any, written: str) -> None:
    found = table(
        f"a,lund,l-1,1,{written},2026-05-01T12:00:00+02:00,5", "b,lund,l-1,1,2026-05-01 10:00,2026-05-01T12:00Z,5"
    )
    (rejected,) = found.rejected
    assert rejected.line == 2
    assert f"plug_in is no time: {written!r}" in str(rejected)
    assert found.table.num_rows == 1

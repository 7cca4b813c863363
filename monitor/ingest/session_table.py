"""CSV of finished sessions -> one table of checked columns, and what is wrong with the other rows.

The header names `session,site,station,connector,plug_in,plug_out,energy_wh` and, where known, `OPTIONAL`; a mapping
takes fields from other headings, with a factor, or gives one value for all rows. Work is done on whole columns.
"""

import csv as plain_csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from monitor.documents import nearest
from monitor.errors import InputError, UsageError
from monitor.ingest.clock import AHEAD_US, EARLIEST_US
from monitor.ingest.csv_lines import first_lines
from monitor.ingest.line_protocol import Rejected

NAMES = ("session", "site", "station", "connector")
TIMES = ("plug_in", "plug_out")
REQUIRED = (*NAMES, *TIMES, "energy_wh")
OPTIONAL = ("started", "stopped", "charging_s", "max_power_w", "soc_in", "soc_out", "user", "group")
_TEXTS, _OPTIONAL_TIMES = ("user", "group"), ("started", "stopped")
_NUMBERS = ("energy_wh", "charging_s", "max_power_w", "soc_in", "soc_out")

_DAY_0, _FIRST_DAY, _LAST_DAY = "1899-12-30", 36_526, 73_050
"""Spreadsheets count days; what lies between the years 2000 and 2100 is taken as such."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Source:
    """Where a field comes from: a heading with a factor, or `constant` for every row."""

    heading: str = ""
    factor: float = 1.0
    constant: str | None = None


@dataclass(frozen=True)
class Rows:
    """Good rows, with times as epoch microseconds (missing: null) and numbers in the unit of their names."""

    table: pa.Table
    rejected: tuple[Rejected, ...]


def parse_mapping(written: tuple[str, ...]) -> dict[str, Source]:
    """`FIELD=HEADING`, `FIELD=HEADING*FACTOR` or `FIELD==VALUE`. Raises UsageError."""
    found = {}
    for entry in written:
        field, equals, source = entry.partition("=")
        if not equals or not source:
            raise UsageError(f"--map {entry}: write FIELD=HEADING, FIELD=HEADING*FACTOR or FIELD==VALUE")
        if field not in {*REQUIRED, *OPTIONAL}:
            raise UsageError(f"--map {entry}: there is no field {field!r}{nearest(field, (*REQUIRED, *OPTIONAL))}")
        found[field] = _source(source)
    return found


def _source(written: str) -> Source:
    if written.startswith("="):
        return Source(constant=written[1:])
    scaled = re.fullmatch(r"(.+?)\s*\*\s*([0-9.]+(?:e-?[0-9]+)?)", written)
    return Source(scaled[1], float(scaled[2])) if scaled else Source(written)


def read(body: bytes, mapping: Mapping[str, Source], zone_of: Callable[[str], ZoneInfo], now_us: int) -> Rows:
    """The rows of a whole file. `zone_of` gives the zone of a site's times that have no offset.

    Raises InputError when the header lacks a required field or the file is no CSV.
    """
    raw = _Raw(body, mapping)
    names = {name: raw.text(name) for name in (*NAMES, *_TEXTS)}
    numbers = {name: raw.number(name) for name in _NUMBERS}
    first = raw.times("plug_in", names["site"], zone_of)
    times = {"plug_in": first[0]}
    for name in ("started", "stopped", "plug_out"):
        earlier, later = raw.times(name, names["site"], zone_of)
        # An hour that comes twice, without an offset: its second time where the first would lie before the plug-in.
        times[name] = earlier.where(~(earlier < times["plug_in"]), later)
    wrong: dict[int, Rejected] = {}
    for field, bad, what, remedy in _wrong(raw, names, times, numbers, now_us):
        for index in np.flatnonzero(bad):
            wrong.setdefault(int(index), raw.reject(int(index), field, what, remedy))
    good = ~np.isin(np.arange(raw.rows), list(wrong))
    columns: dict[str, pa.Array] = {
        name: pa.array([value or None for value in column[good]], pa.string()) for name, column in names.items()
    }
    columns |= {f"{name}_us": _moments(column[good]) for name, column in times.items()}
    columns |= {name: pa.array(column[good], pa.float64(), from_pandas=True) for name, column in numbers.items()}
    return Rows(pa.table(columns), tuple(sorted([*raw.rejected, *wrong.values()], key=lambda each: each.line)))


def _moments(column: "pd.Series[pd.Timestamp]") -> pa.Array:
    missing = column.isna().to_numpy()
    return pa.array(column.to_numpy("datetime64[us]").astype(np.int64), pa.int64(), mask=missing)


class _Raw:
    """The file's columns as text."""

    def __init__(self, body: bytes, mapping: Mapping[str, Source]) -> None:
        self._sources = {name: mapping.get(name, Source(name)) for name in (*REQUIRED, *OPTIONAL)}
        self._texts: dict[str, npt.NDArray[np.object_]] = {}
        self._body = body.removeprefix(b"\xef\xbb\xbf")
        if b"\n" not in self._body:
            self._body = self._body.replace(b"\r", b"\n")
        first = next((line for line in io.BytesIO(self._body) if line.strip(b"\r\n")), b"")
        header = first.decode(errors="replace").rstrip("\r\n")
        self._delimiter = max(",;\t", key=header.count)
        if b'"' in self._body:  # One that is never closed swallows rows: it is found before they are read.
            self._lines = first_lines(self._body, self._delimiter)
        names = next(plain_csv.reader(io.StringIO(header, newline=""), delimiter=self._delimiter), [])
        if twice := {name for name in names if names.count(name) > 1}:
            raise InputError(f"has several columns {', '.join(map(repr, sorted(twice)))}")
        skipped: dict[int, str] = {}
        self._table = self._read(names, skipped)
        self.rows = self._table.num_rows
        self.rejected = [Rejected(self._line(record), said) for record, said in skipped.items()]
        records = np.arange(2, self.rows + len(skipped) + 2)
        self._records = records[~np.isin(records, list(skipped))] if skipped else records
        self._check_header(set(mapping))

    def _read(self, names: list[str], skipped: dict[int, str]) -> pa.Table:
        def skip(row: csv.InvalidRow) -> str:
            skipped[row.number or 0] = f"has {row.actual_columns} columns, the header {row.expected_columns}"
            return "skip"

        try:
            return csv.read_csv(
                pa.py_buffer(self._body),
                read_options=csv.ReadOptions(use_threads=False),
                parse_options=csv.ParseOptions(
                    delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=skip
                ),
                convert_options=csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
        except pa.ArrowException as error:
            raise InputError(f"is no CSV with a header: {error}") from error

    def _line(self, record: int) -> int:
        """The line of the file on which a record begins; the header is record 1."""
        return self._lines[record - 1] if record <= len(self._lines) else record

    @cached_property
    def _lines(self) -> list[int]:
        return first_lines(self._body, self._delimiter)

    def _check_header(self, mapped: set[str]) -> None:
        present = self._table.column_names
        missing = [
            f"has no column {source.heading!r}{nearest(source.heading, present)}"
            + ("" if name in mapped else f"; if it is called otherwise: --map {name}=HEADING")
            for name, source in self._sources.items()
            if source.constant is None and source.heading not in present and (name in REQUIRED or name in mapped)
        ]
        if missing:
            raise InputError("\n  ".join(missing))

    def text(self, name: str) -> npt.NDArray[np.object_]:
        """A column as text without blanks around it; empty where the file has none."""
        if name not in self._texts:
            self._texts[name] = self._text(name)
        return self._texts[name]

    def _text(self, name: str) -> npt.NDArray[np.object_]:
        source = self._sources[name]
        if source.constant is not None or source.heading not in self._table.column_names:
            return np.full(self.rows, source.constant or "", dtype=object)
        column = self._table[source.heading].to_pandas().str.strip()
        return np.asarray(column.to_numpy(dtype=object))

    def reject(self, index: int, field: str, what: str, remedy: str) -> Rejected:
        """A row that is not taken: what is wrong with a field, as it stands in the file, and what would be right."""
        source, written = self._sources[field], self.text(field)[index]
        column = source.heading if source.constant is None else ""
        said = f"{field} {what}" + (f": {written!r}" if written else "")
        where = f" in column {column!r}" if column and column != field else ""
        return Rejected(self._line(int(self._records[index])), f"{said}{where}; {remedy}", column)

    def number(self, name: str) -> "pd.Series[float]":
        """A column of numbers, NaN where the cell is empty; infinite where it holds no number."""
        written = pd.Series(self.text(name), dtype=object)
        if self._delimiter == ";":
            written = written.str.replace(",", ".", regex=False)
        numbers = pd.to_numeric(written, errors="coerce").astype(float)
        return numbers.where(numbers.notna() | (written == ""), np.inf) * self._sources[name].factor

    def times(
        self, name: str, sites: npt.NDArray[np.object_], zone_of: Callable[[str], ZoneInfo]
    ) -> tuple["pd.Series[pd.Timestamp]", "pd.Series[pd.Timestamp]"]:
        """A column of times in UTC, twice: an hour that comes twice is read as its first, and as its second time."""
        written = pd.Series(self.text(name), dtype=object)
        offset = written.str.contains(r"(?:Z|z|[+-]\d\d:?\d\d)$", regex=True).to_numpy(dtype=bool)
        first = pd.to_datetime(written.where(offset), format="ISO8601", utc=True, errors="coerce").dt.as_unit("us")
        # A zone in another form, as `+02`: nobody should have to guess, so it is no time.
        guessed = written.str.contains(r"(?::|[T ]\d+).*[+-]|[Zz]\s*$", regex=True).to_numpy(dtype=bool) & ~offset
        naive = pd.to_datetime(written.where(~offset & ~guessed), format="ISO8601", errors="coerce", utc=True)
        local = naive.dt.tz_localize(None).dt.as_unit("us")
        days = pd.to_numeric(written, errors="coerce")
        days = days.where((days > _FIRST_DAY) & (days < _LAST_DAY))
        from_days = pd.to_datetime(days, unit="D", origin=_DAY_0).dt.round("s").dt.as_unit("us")
        local = from_days.where(from_days.notna(), local)
        second = first.copy()
        for site in np.unique(sites[~offset & local.notna().to_numpy()].astype(str)):
            here = (sites == site) & ~offset
            for found, is_first in ((first, True), (second, False)):
                aware = local[here].dt.tz_localize(
                    zone_of(str(site)), ambiguous=np.full(int(here.sum()), is_first), nonexistent="shift_forward"
                )
                found[here] = aware.dt.tz_convert("UTC")
        return first, second


def _wrong(
    raw: _Raw,
    names: Mapping[str, npt.NDArray[np.object_]],
    times: Mapping[str, "pd.Series[pd.Timestamp]"],
    numbers: Mapping[str, "pd.Series[float]"],
    now_us: int,
) -> Iterator[tuple[str, Flags, str, str]]:
    """What can be wrong with a row, first things first: the field, which rows, the reason, and the remedy in words."""
    for name in NAMES:
        yield name, names[name] == "", "is empty", f"every session has one; the same for all rows: --map {name}==NAME"
    for name, column in times.items():
        empty = raw.text(name) == ""
        missing = column.isna().to_numpy()
        if name in TIMES:
            yield name, empty, "is empty", "only finished sessions can be imported: give the time or leave the row out"
        yield (
            name,
            missing & ~empty,
            "is no time",
            "write 2026-05-01T12:00:00+02:00, or without offset in the site's zone",
        )
    for name, number in numbers.items():
        optional = "" if name in REQUIRED else ", or leave it empty where it is not known"
        yield name, np.isinf(number.to_numpy()), "is no number", f"write for example 11000 or 11000.5{optional}"
        yield name, (number < 0).to_numpy(dtype=bool), "is below 0", f"correct it{optional or ', or leave the row out'}"
    yield from _wrong_order(times, now_us)
    begun = times["started"].where(times["started"].notna(), times["plug_in"])
    stay_s = (times["plug_out"] - begun).dt.total_seconds()
    too_long = (numbers["charging_s"] > stay_s + 60).to_numpy(dtype=bool)
    yield (
        "charging_s",
        too_long,
        "is longer than the session",
        "it is in seconds; --map charging_s=HEADING*60 for minutes",
    )
    for name in ("soc_in", "soc_out"):
        yield name, (numbers[name] > 100).to_numpy(dtype=bool), "is over 100 percent", "write 80 for 80 %"


def _wrong_order(times: Mapping[str, "pd.Series[pd.Timestamp]"], now_us: int) -> Iterator[tuple[str, Flags, str, str]]:
    earliest, latest = (pd.Timestamp(us, unit="us", tz="UTC") for us in (EARLIEST_US, now_us + AHEAD_US))
    old = (times["plug_in"] < earliest).to_numpy(dtype=bool)
    yield "plug_in", old, "is before 2010", "the charger's clock was wrong: correct it, or leave the row out"
    ahead = (times["plug_out"] > latest).to_numpy(dtype=bool)
    yield "plug_out", ahead, "is still to come", "only finished sessions count: import the row when it is over"
    order = [("plug_in", "plug_out"), ("plug_in", "started"), ("started", "stopped"), ("stopped", "plug_out")]
    for before, after in [*order, ("started", "plug_out"), ("plug_in", "stopped")]:
        wrong = (times[after] < times[before]).to_numpy(dtype=bool)
        yield after, wrong, f"is before {before}", "correct one of them; times without an offset are in the site's zone"

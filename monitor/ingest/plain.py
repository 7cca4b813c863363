"""Lines of the common shape, read column by column: what `parse` does for nearly every line of nearly every body.

Whatever is not certain to be right is left to the careful reader, which also finds the words for what is wrong.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from monitor.ingest import clock
from monitor.ingest.meaning import VOCABULARIES
from monitor.ingest.syntax import BOOLEANS, RawLine, key_name, measurement_name
from monitor.ingest.tokens import COMMA, EQUALS, FIELDS, NEWLINE, SPACE, TIME, Flags, Longs, Tokens, tokenize
from monitor.readings.schema import CLOCK_STANDS_IN, MEASUREMENTS, Field, Measurement

LINE = "line"
"""The column that holds the number of a row's line, until good and careful rows are in order again."""

Doubles = npt.NDArray[np.float64]
_ABSENT = -1
_SMALL = 2**15
_LARGEST_LONG = 2**63 - 1
_NUMBER = r"^-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_INTEGER = r"^-?[0-9]+$"
_TIME_WORD, _SHORT_TIME_WORD = r"^-?[0-9]{1,19}$", r"^-?[0-9]{1,18}$"


def column_types(measurement: Measurement) -> dict[str, pa.DataType]:
    """Every column that a table of a batch may have, in order."""
    names: dict[str, pa.DataType] = dict.fromkeys(("site", "station", *measurement.tags), pa.string())
    names["time_us"] = pa.int64()
    if measurement.name in CLOCK_STANDS_IN:
        names["claimed_us"] = pa.int64()
    fields = {each.name: pa.float64() if each.kind == "number" else pa.string() for each in measurement.fields}
    return names | fields


@dataclass(frozen=True)
class Easy:
    """What was read: tables with a column `line`, unknown names, and the lines that need the careful reader."""

    tables: Mapping[str, pa.Table]
    unknown: Counter[str]
    others: list[RawLine]


def read_columns(body: bytes, precision: clock.Precision, received_us: int) -> Easy | None:
    """Read what is plain; None when not even the lines can be told apart without care."""
    tokens = tokenize(body)
    if tokens is None:
        return None
    reading = _Reading(tokens, precision, received_us)
    tables = {name: table for name, table in reading.tables() if table.num_rows}
    others = [
        RawLine(int(tokens.line_numbers[line]), body[tokens.line_starts[line] : tokens.line_ends[line]])
        for line in np.flatnonzero(~reading.good)
    ]
    return Easy(tables, reading.unknown(), others)


class _Columns:
    """The rows of one measurement: their lines, and what is known of each column so far, row by row."""

    def __init__(self, measurement: Measurement, lines: Longs) -> None:
        self.measurement = measurement
        self.lines = lines
        self.words: dict[str, Longs] = {}
        self.numbers: dict[str, tuple[Doubles, Flags]] = {}

    def put_words(self, name: str, rows: Longs, places: Longs) -> None:
        """Text of `rows` stands at the words `places`; of a row that comes twice the last one counts."""
        column = self.words.setdefault(name, np.full(len(self.lines), _ABSENT))
        column[rows] = places

    def put_numbers(self, name: str, rows: Longs, values: Doubles) -> None:
        """The same for numbers."""
        column, missing = self.numbers.setdefault(
            name, (np.zeros(len(self.lines)), np.ones(len(self.lines), dtype=bool))
        )
        column[rows], missing[rows] = values, False

    @property
    def filled(self) -> Flags:
        """Rows that have a field."""
        filled = np.zeros(len(self.lines), dtype=bool)
        for field in self.measurement.fields:
            if field.name in self.words:
                filled |= self.words[field.name] != _ABSENT
            elif field.name in self.numbers:
                filled |= ~self.numbers[field.name][1]
        return filled


class _Reading:
    """One body on its way. `good` loses a line whenever something about it is not certain."""

    def __init__(self, tokens: Tokens, precision: clock.Precision, received_us: int) -> None:
        self._tokens = tokens
        self._factor, self._divisor = clock.US_PER_UNIT[precision]
        self._received_us = received_us
        self.good: Flags = tokens.plain.copy()
        self._found: list[_Columns | str] = []
        self._strange: list[tuple[str, Longs]] = []
        self._row_of_line = np.zeros(len(self.good), dtype=np.int64)
        self._read_pairs(self._read_measurements())
        self._times_us, self._is_timed = self._read_times()
        self._check_rows()

    def unknown(self) -> Counter[str]:
        """Names that the schema does not have, of lines that were read here."""
        counts = {name: int(np.count_nonzero(self.good[lines])) for name, lines in self._strange}
        return Counter({name: count for name, count in counts.items() if count})

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """One table for each known measurement."""
        for columns in self._found:
            if isinstance(columns, _Columns):
                kept = np.flatnonzero(self.good[columns.lines] & columns.filled)
                yield columns.measurement.name, self._table(columns, kept)

    def _doubt(self, lines: Longs) -> None:
        """Leave lines to the careful reader. (`good[lines] &= ...` would forget all but the last word of a line.)"""
        self.good[lines] = False

    def _read_measurements(self) -> Longs:
        """By line the place of its measurement in `_found`."""
        tokens = self._tokens
        heads = np.flatnonzero((tokens.before == NEWLINE) & (tokens.kinds == COMMA) & self.good[tokens.lines])
        names = tokens.words(heads).dictionary_encode()
        codes = names.indices.to_numpy().astype(np.int64)
        lines = tokens.lines[heads]
        for code, raw in enumerate(names.dictionary.to_pylist()):
            name, owned = measurement_name(raw), lines[codes == code]
            measurement = MEASUREMENTS.get(name)
            if measurement is None:
                self._strange.append((name, owned))
                self._found.append(name)
            else:
                self._row_of_line[owned] = np.arange(len(owned))
                self._found.append(_Columns(measurement, owned))
        of_line = np.zeros(len(self.good), dtype=np.int64)
        of_line[lines] = codes
        return of_line

    def _read_pairs(self, measurement_of_line: Longs) -> None:
        """Every name=value, in groups of one measurement, section and name."""
        tokens = self._tokens
        keys = np.flatnonzero((tokens.kinds == EQUALS) & self.good[tokens.lines])
        names = tokens.words(keys).dictionary_encode()
        words = names.dictionary.to_pylist()
        groups = measurement_of_line[tokens.lines[keys]] * 2 + (tokens.sections[keys] == FIELDS)
        codes = groups * len(words) + names.indices.to_numpy()
        if codes.max(initial=0) < _SMALL:
            codes = codes.astype(np.int16)  # sorted six times as fast
        order = np.argsort(codes, kind="stable")
        borders = np.flatnonzero(np.diff(codes[order], prepend=-1, append=-1))
        for first, end in pairwise(borders.tolist()):
            group, word = divmod(int(codes[order[first]]), len(words))
            columns, is_field = self._found[group // 2], bool(group % 2)
            self._read_group(columns, key_name(words[word]), keys[order[first:end]] + 1, is_field=is_field)

    def _read_group(self, columns: _Columns | str, name: str, places: Longs, *, is_field: bool) -> None:
        """All values, at the words `places`, of one tag or field."""
        lines = self._tokens.lines[places]
        if not is_field:
            self._doubt(lines[1:][lines[1:] == lines[:-1]])  # a tag twice
        measurement = columns if isinstance(columns, str) else columns.measurement.name
        if isinstance(columns, _Columns):
            rows = self._row_of_line[lines]
            known = columns.measurement.field(name) if is_field else None
            if known is not None:
                self._read_field(columns, known, rows, places)
                return
            if not is_field and name in {"site", "station", *columns.measurement.tags}:
                columns.put_words(name, rows, places)
                return
            self._strange.append((f"{measurement}{'.' if is_field else ','}{name}", lines))
        if is_field:
            self._doubt(lines[~(self._tokens.is_text[places] | self._are_values(places))])

    def _read_field(self, columns: _Columns, known: Field, rows: Longs, places: Longs) -> None:
        lines = self._tokens.lines[places]
        if known.kind == "text":
            self._doubt(lines[~self._tokens.is_text[places]])
            columns.put_words(known.name, rows, places)
            return
        values, certain = self._numbers(places)
        certain &= np.abs(values) <= known.largest  # false for NaN too
        self._doubt(lines[~certain])
        columns.put_numbers(known.name, rows, values)

    def _numbers(self, places: Longs) -> tuple[Doubles, Flags]:
        """Words as numbers, and which of them are."""
        words = self._tokens.words(places)
        certain = ~self._tokens.is_text[places]
        try:
            values = words.cast(pa.float64()).to_numpy()
        except pa.ArrowInvalid:
            fits = pc.match_substring_regex(words, _NUMBER)
            certain &= fits.to_numpy(zero_copy_only=False)
            values = pc.if_else(fits, words, "0").cast(pa.float64()).to_numpy()
        suffixed = np.flatnonzero(self._tokens.suffix[places])
        if len(suffixed):
            integers = words.take(pa.array(suffixed))
            whole = pc.match_substring_regex(integers, _INTEGER).to_numpy(zero_copy_only=False)
            negative = pc.starts_with(integers, "-").to_numpy(zero_copy_only=False)
            certain[suffixed] &= whole & ~(negative & (self._tokens.suffix[places[suffixed]] == ord("u")))
        return values, certain

    def _are_values(self, places: Longs) -> Flags:
        """Which words are numbers or booleans: an unknown field is not stored, but a line has to be right."""
        values, certain = self._numbers(places)
        booleans = pc.is_in(self._tokens.words(places), pa.array(list(BOOLEANS)))
        finite_or_text: Flags = certain & np.isfinite(values) | booleans.to_numpy(zero_copy_only=False)
        return finite_or_text

    def _read_times(self) -> tuple[Longs, Flags]:
        """By line its time, and whether it has one."""
        tokens = self._tokens
        times, timed = np.full(len(self.good), self._received_us), np.zeros(len(self.good), dtype=bool)
        places = np.flatnonzero((tokens.before == SPACE) & (tokens.sections == TIME) & self.good[tokens.lines])
        lines = tokens.lines[places]
        words = tokens.words(places)
        fits = pc.match_substring_regex(words, _TIME_WORD)
        try:
            written = pc.if_else(fits, words, "0").cast(pa.int64()).to_numpy()
        except pa.ArrowInvalid:  # more than a 64-bit number holds
            fits = pc.match_substring_regex(words, _SHORT_TIME_WORD)
            written = pc.if_else(fits, words, "0").cast(pa.int64()).to_numpy()
        certain = fits.to_numpy(zero_copy_only=False) & (np.abs(written) <= _LARGEST_LONG // self._factor)
        self._doubt(lines[~certain])
        times[lines[certain]] = written[certain] * self._factor // self._divisor
        timed[lines] = True
        return times, timed

    def _check_rows(self) -> None:
        """Lines without a tag they need, with a word that is none, or with a time that cannot be."""
        for columns in self._found:
            if not isinstance(columns, _Columns):
                continue
            measurement = columns.measurement
            for name in ("site", "station", *measurement.tags):
                places = columns.words.get(name)
                self._doubt(columns.lines if places is None else columns.lines[places == _ABSENT])
            for (owner, name), words in VOCABULARIES.items():
                if owner == measurement.name and name in columns.words:
                    self._check_words(columns.lines, columns.words[name], words)
            if measurement.name not in CLOCK_STANDS_IN:
                times = self._times_us[columns.lines]
                self._doubt(columns.lines[(times < clock.EARLIEST_US) | (times > clock.LATEST_US)])

    def _check_words(self, lines: Longs, places: Longs, vocabulary: tuple[str, ...]) -> None:
        present = np.flatnonzero(places != _ABSENT)
        known = pc.is_in(self._tokens.words(places[present]), pa.array(vocabulary))
        self._doubt(lines[present[~known.to_numpy(zero_copy_only=False)]])

    def _table(self, columns: _Columns, kept: Longs) -> pa.Table:
        made = {LINE: pa.array(self._tokens.line_numbers[columns.lines[kept]])}
        for name in column_types(columns.measurement):
            if name == "time_us":
                made.update(self._time_columns(columns, kept))
            elif name in columns.numbers:
                values, missing = columns.numbers[name]
                made[name] = pa.array(values[kept], mask=missing[kept])
            elif name in columns.words:
                places = columns.words[name][kept]
                words = self._tokens.words(places, places == _ABSENT)
                made[name] = _unescaped(words, name, columns.measurement) if self._tokens.escapes else words
        return pa.table({name: column for name, column in made.items() if _is_wanted(name, column)})

    def _time_columns(self, columns: _Columns, kept: Longs) -> dict[str, pa.Array]:
        times = self._times_us[columns.lines[kept]]
        if columns.measurement.name not in CLOCK_STANDS_IN:
            return {"time_us": pa.array(times)}
        believed = (times >= clock.EARLIEST_US) & (times <= self._received_us + clock.AHEAD_US)
        return {
            "time_us": pa.array(np.where(believed, times, self._received_us)),
            "claimed_us": pa.array(times, mask=believed),
        }


def _is_wanted(name: str, column: pa.Array) -> bool:
    """A column that lost all its values with the lines that were left out is not there."""
    return name in {LINE, "time_us", "claimed_us"} or column.null_count < len(column)


def _unescaped(words: pa.StringArray, name: str, measurement: Measurement) -> pa.StringArray:
    if measurement.field(name) is not None:
        return pc.replace_substring(words, '\\"', '"')
    for character in ", =":
        words = pc.replace_substring(words, f"\\{character}", character)
    return words

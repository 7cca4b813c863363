"""InfluxDB line protocol -> a batch of readings, the lines that are wrong, and the names that nobody knows."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from monitor.ingest import plain
from monitor.ingest.clock import Precision
from monitor.ingest.meaning import Row, interpret
from monitor.ingest.syntax import BadLine, RawLine, read, split
from monitor.readings.schema import MEASUREMENTS, Measurement
from monitor.readings.store import Batch
from monitor.units import to_us


@dataclass(frozen=True)
class Rejected:
    """A line, counted from 1, that was not taken, and why; `column`: the heading of what is wrong, in a table."""

    line: int
    message: str
    column: str = ""


@dataclass(frozen=True)
class Parsed:
    """What came of a body. `unknown` counts measurements and fields that the schema does not have, by name."""

    batch: Batch
    rejected: tuple[Rejected, ...]
    unknown: Mapping[str, int]


def parse(body: bytes, precision: Precision, received_at: datetime) -> Parsed:
    """Read a body of lines; good lines are kept whatever the others are. A line without a time gets `received_at`.

    Lines of the common shape are read column by column with arrays, all others one by one with care. Both ways give
    the same answer; the second one is about fifteen times slower.
    """
    received_us = to_us(received_at)
    easy = plain.read_columns(body, precision, received_us)
    careful = parse_carefully(split(body) if easy is None else easy.others, precision, received_us)
    if easy is None:
        tables, unknown = careful.tables, careful.unknown
    else:
        names = [name for name in MEASUREMENTS if name in easy.tables or name in careful.tables]
        tables = {name: _joined(name, easy.tables.get(name), careful.tables.get(name)) for name in names}
        unknown = easy.unknown + careful.unknown
    batch = Batch({name: table.drop_columns([plain.LINE]) for name, table in tables.items()}, received_at)
    return Parsed(batch, careful.rejected, unknown)


@dataclass(frozen=True)
class Careful:
    """The careful reader's part of an answer; tables carry the number of each row's line."""

    tables: Mapping[str, pa.Table]
    rejected: tuple[Rejected, ...]
    unknown: Counter[str]


def parse_carefully(lines: Iterable[RawLine], precision: Precision, received_us: int) -> Careful:
    """Read lines one by one."""
    rows: dict[str, list[tuple[int, Row]]] = {}
    rejected: list[Rejected] = []
    unknown: Counter[str] = Counter()
    for raw in lines:
        try:
            line = read(raw.text.decode())
            row = interpret(line, received_us, precision, unknown) if line else None
        except UnicodeDecodeError:
            rejected.append(Rejected(raw.number, "is not UTF-8"))
        except BadLine as error:
            rejected.append(Rejected(raw.number, str(error)))
        else:
            if row is not None:
                rows.setdefault(row.measurement, []).append((raw.number, row))
    tables = {name: _table(MEASUREMENTS[name], numbered) for name, numbered in rows.items()}
    return Careful(tables, tuple(rejected), unknown)


def _table(measurement: Measurement, numbered: list[tuple[int, Row]]) -> pa.Table:
    columns: dict[str, pa.Array] = {plain.LINE: pa.array([number for number, _ in numbered], pa.int64())}
    present = {name for _, row in numbered for name in row.columns}
    for name, kind in plain.column_types(measurement).items():
        if name in present:
            columns[name] = pa.array([row.columns.get(name) for _, row in numbered], kind)
    return pa.table(columns)


def _joined(name: str, first: pa.Table | None, second: pa.Table | None) -> pa.Table:
    """Rows of both in the order of their lines: where a point is written twice, the later line wins."""
    if first is None or second is None:
        return first if second is None else second
    both = pa.concat_tables([first, second], promote_options="default").sort_by(plain.LINE)
    order = (plain.LINE, *plain.column_types(MEASUREMENTS[name]))
    return both.select([column for column in order if column in both.column_names])

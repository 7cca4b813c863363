"""One InfluxDB of any generation: what the store asks of it, in the fastest form that the server has."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from time import perf_counter

import pyarrow as pa
import pyarrow.compute as pc

from monitor.config import InfluxDB, Mapping
from monitor.ids import Place
from monitor.readings.influx import answers, lines, questions
from monitor.readings.influx.connection import Connection
from monitor.readings.influx.generation import Generation
from monitor.readings.influx.mapping import namings
from monitor.readings.influx.pieces import in_pieces
from monitor.readings.influx.questions import EARLIEST_US, LATEST_US
from monitor.readings.influx.refusal import TooLarge
from monitor.readings.influx.units import in_our_units, kinds, with_constants
from monitor.readings.store import Batch

_OURS = Mapping()
_MINUTE_US = 60_000_000
_CLOCKS_APART = timedelta(minutes=5)


class InfluxServer:
    """The server behind the settings of [influxdb]; made and used from any thread, opens nothing before it is asked.

    Every method raises StoreUnavailable when the server is away or refuses us, saying what to do, and InputError when
    it does not take what is written.
    """

    def __init__(self, settings: InfluxDB, mapping: Mapping = _OURS) -> None:
        """`mapping`: what the readings are called there; raises InputError when it names what we do not have."""
        self.settings = settings
        self.mapping = mapping
        self._namings = namings(mapping)
        self._connection = Connection(settings)

    def connect(self) -> Generation:
        """See `Connection.connect`."""
        return self._connection.connect()

    def ping(self) -> float:
        """How long the server takes to answer, in seconds."""
        began = perf_counter()
        self._connection.ping()
        return perf_counter() - began

    def clock_offset(self, now: datetime) -> timedelta | None:
        """How far the server's clock is ahead of `now`, to the second; None when it does not tell.

        What writers send without a time gets the server's, and retention goes by it.
        """
        said = self._connection.ping().headers.get("Date")
        return parsedate_to_datetime(said) - now if said else None

    def write(self, batch: Batch) -> None:
        """Write all rows; returns after the server has them. Raises InputError with its words when it keeps not all."""
        self.connect()
        try:
            self.write_lines(self.lines_of(batch))
        except TooLarge:
            halves = lines.halved(batch)
            if not halves:
                raise
            for half in halves:
                self.write(half)

    def lines_of(self, batch: Batch) -> bytes:
        """A batch as this server wants it, a line a row; raises InputError for a name that it cannot store.

        As for 1.x, which can store the fewest names, while the server has not been found.
        """
        found = self._connection.generation
        return lines.of_batch(batch, self._namings, resolves=found is not None and found.major == 3)

    def write_lines(self, body: bytes) -> None:
        """The same of line protocol with microseconds."""
        if body:
            self._connection.write(body)

    def read(
        self,
        measurement: str,
        start_us: int | None,
        end_us: int | None,
        *,
        place: Place | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> pa.Table:
        """Rows with start <= time < end by time, in wire units, in the columns of `ReadingStore.scan`.

        `received_us` is null in rows that did not come in through us.
        """
        naming = self._namings[measurement]
        tables: list[pa.Table] = []

        def left() -> int | None:
            return None if limit is None else limit - sum(table.num_rows for table in tables)

        def ask(begin_us: int, upto_us: int) -> pa.Table:
            question = questions.rows(naming, begin_us, upto_us, place, newest_first=newest_first, limit=left())
            return self._ask(question, kinds(naming))

        for table in in_pieces(ask, *_bounds(start_us, end_us), _MINUTE_US, newest_first=newest_first):
            tables.append(table)
            if left() == 0:
                break
        return in_our_units(naming, pa.concat_tables(tables))

    def last_status(self) -> pa.Table:
        """Per connector the last row that has a status, whatever its age, in the columns of `read`."""
        naming = self._namings["status"]

        def ask(begin_us: int, upto_us: int) -> pa.Table:
            return self._ask(questions.last_status(naming, begin_us, upto_us), kinds(naming))

        found = pa.concat_tables(in_pieces(ask, *_bounds(None, None), _MINUTE_US)).sort_by("time_us")
        last = found.append_column("row", pa.array(range(found.num_rows))).group_by(list(naming.tags))
        return in_our_units(naming, found.take(last.aggregate([("row", "max")])["row_max"]))

    def counts(
        self, measurement: str, start_us: int, end_us: int, every_s: int, *, by_station: bool = False
    ) -> pa.Table:
        """`time_us` (of a stretch's begin, multiples of `every_s`), (`site`, `station`), `values`: how many there are.

        All values of the measurement's fields are counted: InfluxDB has no count of rows. Stretches without any have
        no line.
        """
        naming = self._namings[measurement]
        places = {name: pa.string() for name in ("site", "station")} if by_station else {}
        fields = {f"n_{field.name}": pa.int64() for field in naming.measurement.fields}

        def ask(begin_us: int, upto_us: int) -> pa.Table:
            question = questions.counts(naming, begin_us, upto_us, every_s, by_station=by_station)
            return self._ask(question, {**places, **fields})

        table = pa.concat_tables(in_pieces(ask, start_us, end_us, every_s * 1_000_000))
        total = pa.chunked_array([pa.array([0] * table.num_rows, pa.int64())])
        for name in fields:
            total = pc.add(total, pc.fill_null(table[name], 0))
        counted = with_constants(naming, table.select(["time_us", *places])).append_column("values", total)
        return counted.filter(pc.greater(counted["values"], 0))

    def at_least(self, measurement: str, before_us: int) -> int:
        """How many rows there are before a moment: at least as many as the field has values that has most of them."""
        naming = self._namings[measurement]
        fields = {f"n_{name}": pa.int64() for name in naming.columns if name not in naming.tags}

        def ask(begin_us: int, upto_us: int) -> pa.Table:
            return self._ask(questions.totals(naming, begin_us, upto_us), fields)

        found = pa.concat_tables(in_pieces(ask, *_bounds(None, before_us), _MINUTE_US))
        return max((pc.sum(found[name]).as_py() or 0 for name in fields), default=0)

    def delete(self, measurement: str, before_us: int) -> None:
        """Delete rows before a moment; raise InputError where the generation cannot."""
        naming = self._namings[measurement]
        before = pc.strftime(pa.scalar(before_us - 1, pa.timestamp("us")), "%Y-%m-%dT%H:%M:%SZ").as_py()
        self._connection.delete(questions.delete(naming, before_us), naming.called, before)

    def unmapped(self) -> dict[str, list[str]]:
        """Per measurement of ours the tags and fields that stand in theirs and are not read: what to map next."""
        found = {}
        for name, naming in self._namings.items():
            there = [
                *self._column(questions.keys(naming, "FIELD"), "fieldKey"),
                *self._column(questions.keys(naming, "TAG"), "tagKey"),
            ]
            if rest := naming.unmapped(there):
                found[name] = rest
        return found

    def unread(self) -> list[str]:
        """Measurements that stand there and are none of ours."""
        read = {naming.called for naming in self._namings.values()}
        return sorted(set(self._column(questions.MEASUREMENTS, "name")) - read)

    def close(self) -> None:
        """Close what is kept open."""
        self._connection.close()

    def _ask(self, question: str, kinds: answers.Kinds) -> pa.Table:
        body = self._connection.answer(question)
        return answers.table(self.connect().format, body, kinds)

    def _column(self, question: str, column: str) -> list[str]:
        body = self._connection.answer(question)
        return answers.column(self.connect().format, body, column)


def wrong_clock(offset: timedelta) -> str:
    """What is wrong with a server whose clock is so far ahead of ours, and what to do; empty when nothing is."""
    if abs(offset) <= _CLOCKS_APART:
        return ""
    minutes = f"{abs(offset) / timedelta(minutes=1):.0f} min"
    way = "ahead of" if offset > timedelta(0) else "behind"
    return (
        f"InfluxDB's clock is {minutes} {way} ours, and so are rows that are written without a time: let both machines "
        "take their time from NTP"
    )


def _bounds(start_us: int | None, end_us: int | None) -> tuple[int, int]:
    return EARLIEST_US if start_us is None else start_us, LATEST_US if end_us is None else end_us

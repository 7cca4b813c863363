"""One InfluxDB of any generation: what the store asks of it, in the fastest form that the server has."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from time import perf_counter
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from urllib3 import BaseHTTPResponse

from monitor.config import InfluxDB, Mapping
from monitor.errors import InputError
from monitor.ids import Place
from monitor.readings.influx import answers, lines, questions
from monitor.readings.influx.bucket import bucket_of
from monitor.readings.influx.exchange import Exchange
from monitor.readings.influx.generation import Generation, of_ping, of_version
from monitor.readings.influx.mapping import Naming, namings
from monitor.readings.influx.refusal import Missing, TooLarge, Unusable, no_bucket
from monitor.readings.influx.units import in_our_units, kinds, with_constants
from monitor.readings.store import Batch

_OURS = Mapping()


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
        self._exchange = Exchange(settings)
        self._lock = threading.Lock()
        self._generation: Generation | None = None
        self._client: InfluxDBClient | None = None
        self._org = settings.org

    def connect(self) -> Generation:
        """Find the generation, and the database or bucket, which is created where that is allowed.

        Done once, and again after a failure and after the database was found to be gone.
        """
        with self._lock:
            if self._generation is None:
                try:
                    self._generation = self._found()
                except InputError as error:
                    # Nothing is wrong with a batch that waits to be written meanwhile.
                    raise Unusable(str(error)) from error
            return self._generation

    def ping(self) -> float:
        """How long the server takes to answer, in seconds."""
        began = perf_counter()
        self._ping()
        return perf_counter() - began

    def clock_offset(self, now: datetime) -> timedelta | None:
        """How far the server's clock is ahead of `now`, to the second; None when it does not tell.

        What writers send without a time gets the server's, and retention goes by it.
        """
        said = self._ping().headers.get("Date")
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
        found = self._generation
        return lines.of_batch(batch, self._namings, resolves=found is not None and found.major == 3)

    def write_lines(self, body: bytes) -> None:
        """The same of line protocol with microseconds."""
        generation = self.connect()
        if not body:
            return
        with self._looked_for_again():
            self._send(generation, body)

    def _send(self, generation: Generation, body: bytes) -> None:
        if not generation.by_client:
            fields = {**bucket_of(self.settings.bucket, generation).fields, "precision": "u"}
            self._exchange.request("POST", "/write", fields=fields, headers=self._exchange.basic(), body=body)
            return
        with self._exchange.guarded():
            api = self._writer(generation).write_api(write_options=SYNCHRONOUS)
            api.write(self.settings.bucket, self._org or "-", body, write_precision="us")  # type: ignore[arg-type]

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
        """Rows with start <= time < end by time, in wire units, in the columns of `ReadingStore.scan`; one request.

        `received_us` is null in rows that did not come in through us.
        """
        naming = self._namings[measurement]
        question = questions.rows(naming, start_us, end_us, place, newest_first=newest_first, limit=limit)
        return in_our_units(naming, self._ask(question, kinds(naming)))

    def last_status(self) -> pa.Table:
        """Per connector the last row that has a status, whatever its age, in the columns of `read`."""
        naming = self._namings["status"]
        return in_our_units(naming, self._ask(questions.last_status(naming), kinds(naming)))

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
        question = questions.counts(naming, start_us, end_us, every_s, by_station=by_station)
        table = self._ask(question, {**places, **fields})
        total = pa.chunked_array([pa.array([0] * table.num_rows, pa.int64())])
        for name in fields:
            total = pc.add(total, pc.fill_null(table[name], 0))
        counted = with_constants(naming, table.select(["time_us", *places])).append_column("values", total)
        return counted.filter(pc.greater(counted["values"], 0))

    def span(self, measurement: str) -> tuple[int, int] | None:
        """Times of the first and the last row, None when there is none."""
        first = self.read(measurement, None, None, limit=1)
        last = self.read(measurement, None, None, newest_first=True, limit=1)
        return (first["time_us"][0].as_py(), last["time_us"][0].as_py()) if first.num_rows and last.num_rows else None

    def delete(self, measurement: str, before_us: int) -> None:
        """Delete rows before a moment; raise InputError where the generation cannot."""
        generation, naming = self.connect(), self._namings[measurement]
        if not generation.can_delete:
            raise InputError("InfluxDB 3 Core deletes nothing by request; give the database a retention period instead")
        if generation.major == 1:
            database = bucket_of(self.settings.bucket, generation).database
            if len(self._listed(generation, questions.policies(database))) > 1:
                raise InputError(
                    f"InfluxDB 1.x deletes in all retention policies at once, and {database!r} has several: give the "
                    "policy of the readings a duration instead"
                )
            self._command(questions.delete(naming, before_us))
            return
        with self._exchange.guarded():
            self._writer(generation).delete_api().delete(
                "1970-01-01T00:00:00Z",
                pc.strftime(pa.scalar(before_us - 1, pa.timestamp("us")), "%Y-%m-%dT%H:%M:%SZ").as_py(),
                f'_measurement="{naming.called}"',
                bucket=self.settings.bucket,
                org=self._org,
            )

    def unmapped(self) -> dict[str, list[str]]:
        """Per measurement of ours the tags and fields that stand in theirs and are not read: what to map next."""
        found = {}
        for name, naming in self._namings.items():
            there = [*self._names(naming, "FIELD", "fieldKey"), *self._names(naming, "TAG", "tagKey")]
            if rest := naming.unmapped(there):
                found[name] = rest
        return found

    def close(self) -> None:
        """Close what is kept open."""
        with self._lock:
            if self._client is not None:
                self._client.close()  # type: ignore[no-untyped-call]
            self._exchange.close()

    def _ping(self) -> BaseHTTPResponse:
        return self._exchange.request("GET", "/ping", headers=self._exchange.token() or self._exchange.basic())

    def _found(self) -> Generation:
        found = self._told()
        self._org = self._org or self._only_org(found)
        if found.major < 3 and not self._is_there(found):  # 3.x makes it by the first write
            if not self.settings.create:
                raise no_bucket(self.settings)
            self._create(found)
        return found

    def _told(self) -> Generation:
        if self.settings.version != "auto":
            return of_version(self.settings.version)
        answer = self._ping()
        return of_ping(answer.headers, answer.data)

    def _is_there(self, generation: Generation) -> bool:
        """1.x and 2.x answer a question about a database that is not there as if it were empty, so it is looked for."""
        bucket = bucket_of(self.settings.bucket, generation)
        if bucket.database not in self._listed(generation, "SHOW DATABASES"):
            return False
        return not bucket.policy or bucket.policy in self._listed(generation, questions.policies(bucket.database))

    def _create(self, generation: Generation) -> None:
        if generation.major == 1:
            for question in questions.create(bucket_of(self.settings.bucket, generation)):
                self._command(question)
            return
        with self._exchange.guarded():
            self._writer(generation).buckets_api().create_bucket(bucket_name=self.settings.bucket, org=self._org)

    def _command(self, question: str) -> None:
        """1.x: something else than a question; raises InputError with the server's words."""
        fields = {**bucket_of(self.settings.bucket, Generation(1, 6, "")).fields, "q": question}
        answer = self._exchange.request("POST", "/query", fields=fields, headers=self._exchange.basic())
        errors = [each["error"] for each in json.loads(answer.data)["results"] if "error" in each]
        if errors:
            raise InputError(f"InfluxDB answers {question!r}: {errors[0]}")

    @contextmanager
    def _looked_for_again(self) -> Iterator[None]:
        """Whoever comes next connects anew when the database is gone, and makes it where that is allowed."""
        try:
            yield
        except Missing:
            with self._lock:
                self._generation = None
            raise

    def _only_org(self, generation: Generation) -> str:
        """The one organisation of the token, so that it need not be set; 1.x and 3.x have none."""
        if generation.major != 2:
            return ""
        answer = self._exchange.request("GET", "/api/v2/orgs", headers=self._exchange.token())
        names = [str(each["name"]) for each in json.loads(answer.data)["orgs"]]
        if len(names) != 1:
            raise InputError(
                f"influxdb.org has to be set: the token sees {' and '.join(map(repr, names)) or 'no organisation'}"
            )
        return names[0]

    def _listed(self, generation: Generation, question: str) -> list[str]:
        return answers.column_from_csv(self._answer(generation, question, named=False), "name")

    def _ask(self, question: str, kinds: answers.Kinds) -> pa.Table:
        generation = self.connect()
        body = self._answer(generation, question)
        if not body.strip() and not generation.parquet:
            with self._looked_for_again():
                # An empty answer means no rows only where there is something that could have some.
                if not self._is_there(generation):
                    raise no_bucket(self.settings)
        return answers.from_parquet(body, kinds) if generation.parquet else answers.from_csv(body, kinds)

    def _names(self, naming: Naming, kind: Literal["FIELD", "TAG"], column: str) -> list[str]:
        generation = self.connect()
        body = self._answer(generation, questions.keys(naming, kind))
        read = answers.column_from_parquet if generation.parquet else answers.column_from_csv
        return read(body, column)

    def _answer(self, generation: Generation, question: str, *, named: bool = True) -> bytes:
        exchange = self._exchange
        database = bucket_of(self.settings.bucket, generation).fields if named else {}
        if generation.parquet:
            fields = {**database, "q": question, "format": "parquet"}
            # 404: no write has made the database yet.
            answer = exchange.request(
                "GET", "/api/v3/query_influxql", fields=fields, headers=exchange.token(), fine=(200, 404)
            )
            return answer.data if answer.status == 200 else b""
        fields = {**database, "q": question, "epoch": "u"}
        credentials = exchange.basic() if generation.major == 1 else exchange.token()
        return exchange.request(
            "GET", "/query", fields=fields, headers={"Accept": "application/csv", **credentials}
        ).data

    def _writer(self, generation: Generation) -> InfluxDBClient:
        """influxdb-client; called with a lock held or after `connect`, so that there is one."""
        if self._client is None:
            token = self.settings.token
            if generation.major == 1 and self.settings.username:
                token = f"{self.settings.username}:{self.settings.password}"
            self._client = InfluxDBClient(
                self.settings.url,
                token or None,  # type: ignore[arg-type]  # without users there is none
                org=self._org or "-",
                timeout=round(self.settings.timeout.total_seconds() * 1000),
                enable_gzip=True,
                ssl_ca_cert=self.settings.ca_file or None,
            )
        return self._client

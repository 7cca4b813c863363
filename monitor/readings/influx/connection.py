"""The way to one InfluxDB: its generation is found, its bucket looked for or made, and each is asked in its own way."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from urllib3 import BaseHTTPResponse

from monitor.config import InfluxDB
from monitor.errors import InputError
from monitor.readings.influx import answers, questions
from monitor.readings.influx.bucket import Bucket, bucket_of
from monitor.readings.influx.exchange import Exchange
from monitor.readings.influx.generation import Generation, of_ping, of_version
from monitor.readings.influx.refusal import Missing, Unusable, no_bucket


class Connection:
    """Opens nothing before it is asked; any thread may use it. Every method raises StoreUnavailable."""

    def __init__(self, settings: InfluxDB) -> None:
        self._settings = settings
        self._exchange = Exchange(settings)
        self._lock = threading.Lock()
        self._found: Generation | None = None
        self._client: InfluxDBClient | None = None
        self._org = settings.org

    @property
    def generation(self) -> Generation | None:
        """What was found; None before that."""
        return self._found

    def connect(self) -> Generation:
        """Find the generation, and the database or bucket, which is created where that is allowed.

        Done once, and again after a failure and after the database was found to be gone.
        """
        with self._lock:
            if self._found is None:
                try:
                    self._found = self._find()
                except InputError as error:
                    # Nothing is wrong with a batch that waits to be written meanwhile.
                    raise Unusable(str(error)) from error
            return self._found

    def ping(self) -> BaseHTTPResponse:
        """What the server says of itself."""
        return self._exchange.request("GET", "/ping", headers=self._exchange.token() or self._exchange.basic())

    def write(self, body: bytes) -> None:
        """Send line protocol with microseconds; raises InputError with the server's words when it keeps not all."""
        generation = self.connect()
        with self._looked_for_again():
            if generation.by_client:
                with self._exchange.guarded():
                    api = self._made_client(generation).write_api(write_options=SYNCHRONOUS)
                    api.write(self._settings.bucket, self._org or "-", body, write_precision="us")  # type: ignore[arg-type]
            else:
                fields = {**self._bucket(generation).fields, "precision": "u"}
                self._exchange.request("POST", "/write", fields=fields, headers=self._exchange.basic(), body=body)

    def answer(self, question: str) -> bytes:
        """In the format that `connect` gives; empty when there is nothing."""
        generation = self.connect()
        body = self._asked(generation, question)
        # An empty answer means no rows only where there is something that could have some.
        if not body.strip() and generation.major < 3 and not self._is_there(generation):
            with self._looked_for_again():
                raise no_bucket(self._settings)
        return body

    def delete(self, question: str, measurement: str, before: str) -> None:
        """Delete rows before a moment (RFC 3339), which `question` says to 1.x; raises InputError where it cannot."""
        generation = self.connect()
        if not generation.can_delete:
            raise InputError("InfluxDB 3 Core deletes nothing by request; give the database a retention period instead")
        if generation.major == 1:
            database = self._bucket(generation).database
            if len(self._listed(generation, questions.policies(database))) > 1:
                raise InputError(
                    f"InfluxDB 1.x deletes in all retention policies at once, and {database!r} has several: give the "
                    "policy of the readings a duration instead"
                )
            self._command(generation, question)
            return
        with self._exchange.guarded():
            self._made_client(generation).delete_api().delete(
                "1970-01-01T00:00:00Z",
                before,
                f'_measurement="{measurement}"',
                bucket=self._settings.bucket,
                org=self._org,
            )

    def close(self) -> None:
        """Close what is kept open."""
        with self._lock:
            if self._client is not None:
                self._client.close()  # type: ignore[no-untyped-call]
            self._exchange.close()

    def _find(self) -> Generation:
        found = self._told()
        self._org = self._org or self._only_org(found)
        if found.major < 3 and not self._is_there(found):  # 3.x makes it by the first write
            if not self._settings.create:
                raise no_bucket(self._settings)
            self._create(found)
        return found

    def _told(self) -> Generation:
        if self._settings.version != "auto":
            return of_version(self._settings.version)
        said = self.ping()
        return of_ping(said.headers, said.data)

    def _only_org(self, generation: Generation) -> str:
        """The one organisation of the token, so that it need not be set; 1.x and 3.x have none."""
        if generation.major != 2:
            return ""
        answer = self._exchange.request("GET", "/api/v2/orgs", headers=self._exchange.token())
        names = [str(each["name"]) for each in answers.listed(answer.data, "orgs")]
        if len(names) != 1:
            raise InputError(
                f"influxdb.org has to be set: the token sees {' and '.join(map(repr, names)) or 'no organisation'}"
            )
        return names[0]

    def _is_there(self, generation: Generation) -> bool:
        """1.x and 2.x answer a question about a database that is not there as if it were empty, so it is looked for."""
        bucket = self._bucket(generation)
        if bucket.database not in self._listed(generation, "SHOW DATABASES"):
            return False
        return not bucket.policy or bucket.policy in self._listed(generation, questions.policies(bucket.database))

    def _create(self, generation: Generation) -> None:
        if generation.major == 1:
            for question in questions.create(self._bucket(generation)):
                self._command(generation, question)
            return
        with self._exchange.guarded():
            self._made_client(generation).buckets_api().create_bucket(bucket_name=self._settings.bucket, org=self._org)

    def _command(self, generation: Generation, question: str) -> None:
        """1.x: something else than a question; raises InputError with the server's words."""
        fields = {**self._bucket(generation).fields, "q": question}
        answer = self._exchange.request("POST", "/query", fields=fields, headers=self._exchange.basic())
        errors = [each["error"] for each in answers.listed(answer.data, "results") if "error" in each]
        if errors:
            raise InputError(f"InfluxDB answers {question!r}: {errors[0]}")

    def _listed(self, generation: Generation, question: str) -> list[str]:
        return answers.column_from_csv(self._asked(generation, question, named=False), "name")

    def _asked(self, generation: Generation, question: str, *, named: bool = True) -> bytes:
        bucket = self._bucket(generation).fields if named else {}
        if generation.major == 3:
            return self._asked_3(generation, {**bucket, "q": question})
        fields = {**bucket, "q": question, "epoch": "u"}
        credentials = self._exchange.basic() if generation.major == 1 else self._exchange.token()
        headers = {"Accept": "application/csv", **credentials}
        return self._exchange.request("GET", "/query", fields=fields, headers=headers).data

    def _asked_3(self, generation: Generation, fields: Mapping[str, str]) -> bytes:
        path, how = (
            ("/api/v3/query_influxql", {"format": "parquet"})
            if generation.format == "parquet"
            else ("/query", {"epoch": "u"})
        )
        # 404: no write has made the database yet.
        fine = (200, 404) if self._settings.create else (200,)
        headers = self._exchange.token()
        answer = self._exchange.request("GET", path, fields={**fields, **how}, headers=headers, fine=fine)
        return answer.data if answer.status == 200 else b""

    @contextmanager
    def _looked_for_again(self) -> Iterator[None]:
        """Whoever comes next connects anew when the database is gone, and makes it where that is allowed."""
        try:
            yield
        except Missing:
            with self._lock:
                self._found = None
            raise

    def _bucket(self, generation: Generation) -> Bucket:
        return bucket_of(self._settings.bucket, generation)

    def _made_client(self, generation: Generation) -> InfluxDBClient:
        """influxdb-client; called with a lock held or after `connect`, so that there is one."""
        if self._client is None:
            token = self._settings.token
            if generation.major == 1 and self._settings.username:
                token = f"{self._settings.username}:{self._settings.password}"
            self._client = InfluxDBClient(
                self._settings.url,
                token or None,  # type: ignore[arg-type]  # without users there is none
                org=self._org or "-",
                timeout=round(self._settings.timeout.total_seconds() * 1000),
                enable_gzip=True,
                ssl_ca_cert=self._settings.ca_file or None,
            )
        return self._client

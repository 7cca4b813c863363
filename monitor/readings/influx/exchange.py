"""The one place that touches the network: requests by urllib3, and every failure made one of ours."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from urllib.parse import urlencode

import urllib3
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from monitor.config import InfluxDB
from monitor.errors import InputError, StoreUnavailable
from monitor.readings.influx.refusal import Overloaded, overloaded, refused, unreached

_LONGEST_REST_S = 300.0
"""Whoever asks for a longer rest is tried all the same: nobody should wait an hour for a proxy's mistake."""


class Exchange:
    """Requests to one server. Thread-safe; connections are kept. While it asked to be left alone, it is."""

    def __init__(self, settings: InfluxDB) -> None:
        self._settings = settings
        self._pool = urllib3.PoolManager(
            maxsize=8,
            retries=False,
            timeout=urllib3.Timeout(total=settings.timeout.total_seconds()),
            ssl_context=_tls(settings.ca_file),
        )
        self._rests_until = 0.0

    def basic(self) -> dict[str, str]:
        """User and password, or nothing: 1.x."""
        if not self._settings.username:
            return {}
        made: dict[str, str] = urllib3.make_headers(basic_auth=f"{self._settings.username}:{self._settings.password}")
        return made

    def token(self) -> dict[str, str]:
        """The token, or nothing: 2.x and 3.x."""
        return {"Authorization": f"Token {self._settings.token}"} if self._settings.token else {}

    def request(
        self,
        method: str,
        path: str,
        *,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        fine: tuple[int, ...] = (200, 204),
    ) -> urllib3.BaseHTTPResponse:
        """One exchange, read whole; raises our errors for every status that is not `fine`."""
        url = self._settings.url.rstrip("/") + path
        if fields:
            url += "?" + urlencode(fields)
        with self.guarded():
            answer = self._pool.request(method, url, headers=dict(headers or {}), body=body)
            if answer.status not in fine:
                raise refused(self._settings, answer.status, answer.data, answer.headers)
        return answer

    def close(self) -> None:
        """Close what is kept open."""
        self._pool.clear()

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn exceptions of urllib3 and influxdb-client into ours; raise at once while the server has to rest."""
        left_s = self._rests_until - monotonic()
        if left_s > 0:
            raise overloaded(self._settings, "it asked for a rest", left_s)
        try:
            with _translated(self._settings):
                yield
        except Overloaded as error:
            self._rests_until = monotonic() + min(error.rest_s, _LONGEST_REST_S)
            raise


@contextmanager
def _translated(settings: InfluxDB) -> Iterator[None]:
    try:
        yield
    except ApiException as error:
        if not error.status:
            raise StoreUnavailable(f"InfluxDB at {settings.url} does not answer: {error.reason}") from error
        body = error.body.encode() if isinstance(error.body, str) else error.body or b""
        raise refused(settings, error.status, body, error.headers or {}) from error
    except HTTPError as error:
        raise unreached(settings, error) from error


def _tls(ca_file: str) -> ssl.SSLContext | None:
    try:
        return ssl.create_default_context(cafile=ca_file) if ca_file else None
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"influxdb.ca_file: {ca_file} cannot be read as certificates: {error}") from error

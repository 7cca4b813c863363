"""The one place that touches the network: requests by urllib3, and every failure made one of ours with its remedy."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlencode

import urllib3
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from monitor.config import InfluxDB
from monitor.errors import InputError, LaddvaktError, StoreUnavailable

_AUTH = (
    "InfluxDB at {url} refuses the credentials ({status}): set influxdb.token (2.x, 3.x) or influxdb.username and "
    "influxdb.password (1.x), and see that they may read and write {bucket!r}"
)


class Missing(StoreUnavailable):
    """The server answers, and has no such organisation, database or bucket."""


class TooLarge(InputError):
    """The server takes no request of this size."""


class Exchange:
    """Requests to one server. Thread-safe; connections are kept."""

    def __init__(self, settings: InfluxDB) -> None:
        self._settings = settings
        self._pool = urllib3.PoolManager(
            maxsize=8,
            retries=False,
            timeout=urllib3.Timeout(total=settings.timeout.total_seconds()),
            ssl_context=_tls(settings.ca_file),
        )

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
        with translated(self._settings):
            answer = self._pool.request(method, url, headers=dict(headers or {}), body=body)
        if answer.status not in fine:
            raise refused(self._settings, answer.status, answer.data, answer.headers)
        return answer

    def close(self) -> None:
        """Close what is kept open."""
        self._pool.clear()


@contextmanager
def translated(settings: InfluxDB) -> Iterator[None]:
    """Turn exceptions of urllib3 and influxdb-client into ours."""
    try:
        yield
    except ApiException as error:
        if not error.status:
            raise StoreUnavailable(f"InfluxDB at {settings.url} does not answer: {error.reason}") from error
        body = error.body.encode() if isinstance(error.body, str) else error.body or b""
        raise refused(settings, error.status, body, error.headers or {}) from error
    except HTTPError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise StoreUnavailable(
                f"the certificate of {settings.url} is not signed by an authority that is known here; name its own in "
                "influxdb.ca_file"
            ) from error
        raise StoreUnavailable(f"InfluxDB at {settings.url} does not answer: {_said(error)}") from error


def refused(settings: InfluxDB, status: int, body: bytes, headers: Mapping[str, str]) -> LaddvaktError:
    """What an answer that is no success means."""
    said = " ".join(body.decode("utf-8", "replace").split())[:300]
    if status in {401, 403}:
        return StoreUnavailable(_AUTH.format(url=settings.url, status=status, bucket=settings.bucket))
    if status == 404 and "organization" in said:
        return Missing(
            f"InfluxDB at {settings.url} knows no organisation {settings.org!r}: set influxdb.org to the one that the "
            f"token belongs to ({said})"
        )
    if status == 404:
        return no_bucket(settings, said)
    if status in {429, 503}:
        after = headers.get("Retry-After") or headers.get("retry-after")
        return StoreUnavailable(
            f"InfluxDB at {settings.url} is overloaded ({status}{f', again in {after} s' if after else ''})"
        )
    if status in {400, 413, 422}:
        kind = TooLarge if status == 413 else InputError
        return kind(f"InfluxDB does not take it ({status}): {said}")
    return StoreUnavailable(f"InfluxDB at {settings.url} answers {status}: {said}")


def no_bucket(settings: InfluxDB, said: str = "") -> Missing:
    """The database or bucket is not there; `said`: the server's words."""
    return Missing(
        f"InfluxDB at {settings.url} knows no database or bucket {settings.bucket!r}: create it, set "
        f"influxdb.create = true, or name another in influxdb.bucket{said and f' ({said})'}"
    )


def _tls(ca_file: str) -> ssl.SSLContext | None:
    try:
        return ssl.create_default_context(cafile=ca_file) if ca_file else None
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"influxdb.ca_file: {ca_file} cannot be read as certificates: {error}") from error


def _said(error: Exception) -> str:
    """The reason without the object that urllib3 puts in front of it."""
    text = str(error)
    return text.rpartition(">: ")[2] or text

"""What an answer that is no success means, and no answer at all: errors of ours, each with its remedy."""

import json
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime

from urllib3.exceptions import HTTPError

from monitor.config import InfluxDB
from monitor.errors import InputError, LaddvaktError, StoreUnavailable

_AUTH = (
    "InfluxDB at {url} refuses the credentials ({status}): set influxdb.token (2.x, 3.x) or influxdb.username and "
    "influxdb.password (1.x), and see that they may read and write {bucket!r}"
)


class Unusable(StoreUnavailable):
    """Something answers, and the settings do not fit it: somebody has to change them, or it."""


class Missing(Unusable):
    """The server answers, and has no such organisation, database or bucket."""


class Overloaded(StoreUnavailable):
    """The server asks to be left alone. `rest_s`: for how long, 0 when it does not say."""

    def __init__(self, message: str, rest_s: float) -> None:
        super().__init__(message)
        self.rest_s = rest_s


class TooManyFiles(StoreUnavailable):
    """A question to 3 Core that it would have to read too many files for: shorter ones may be answered."""


class TooLarge(InputError):
    """The server takes no request of this size."""


def unreached(settings: InfluxDB, error: HTTPError) -> StoreUnavailable:
    """No answer, and why."""
    said = _said(error)
    if "Hostname mismatch" in said or "IP address mismatch" in said:
        return Unusable(
            f"the certificate of {settings.url} is of another name: write that name in influxdb.url ({said})"
        )
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return Unusable(
            f"the certificate of {settings.url} is not signed by an authority that is known here; name its own in "
            f"influxdb.ca_file ({said})"
        )
    return StoreUnavailable(f"InfluxDB at {settings.url} does not answer: {said}")


def refused(settings: InfluxDB, status: int, body: bytes, headers: Mapping[str, str]) -> LaddvaktError:
    """What an answer that is no success means."""
    said = " ".join(body.decode("utf-8", "replace").split())[:300]
    if status in {401, 403}:
        return Unusable(_AUTH.format(url=settings.url, status=status, bucket=settings.bucket))
    if status == 404:
        return no_organisation(settings, said) if "organization" in said else no_bucket(settings, said)
    if status in {429, 503}:
        return overloaded(settings, f"{status}", _rest_s(headers))
    if status == 413 or (status in {400, 422} and _is_influx(body)):
        kind = TooLarge if status == 413 else InputError
        return kind(f"InfluxDB does not take it ({status}): {said}")
    return _failed(settings, status, said)


def _failed(settings: InfluxDB, status: int, said: str) -> StoreUnavailable:
    """Neither ours to change nor a matter of credentials, bucket or load, as far as the status says."""
    if "HTTP request to an HTTPS server" in said:
        return Unusable(f"what answers at {settings.url} speaks https: write https:// in influxdb.url")
    if "file limit" in said:
        return TooManyFiles(
            f"InfluxDB at {settings.url} would have to read too many files: start it with a larger --query-file-limit "
            f"({said})"
        )
    return StoreUnavailable(f"InfluxDB at {settings.url} answers {status}: {said}")


def _is_influx(body: bytes) -> bool:
    """Whether InfluxDB itself refuses: what a proxy before it says must not cost a batch."""
    try:
        said = json.loads(body)
    except ValueError:
        return False
    return isinstance(said, dict) and bool({"error", "message"} & said.keys())


def overloaded(settings: InfluxDB, why: str, rest_s: float) -> Overloaded:
    """The server wants a rest of `rest_s` seconds, 0 where it does not say; `why`: how that is known."""
    again = f", again in {rest_s:.0f} s" if rest_s else ""
    return Overloaded(f"InfluxDB at {settings.url} is overloaded ({why}{again})", rest_s)


def no_organisation(settings: InfluxDB, said: str) -> Missing:
    """2.x: the organisation is not there, or not the token's."""
    return Missing(
        f"InfluxDB at {settings.url} knows no organisation {settings.org!r}: set influxdb.org to the one that the "
        f"token belongs to ({said})"
    )


def _rest_s(headers: Mapping[str, str]) -> float:
    """What `Retry-After` says in seconds: a number, or a moment beside the server's own `Date`."""
    named = {name.lower(): value for name, value in headers.items()}
    after = named.get("retry-after", "").strip()
    if after.isdecimal():
        return float(after)
    try:
        return max((parsedate_to_datetime(after) - parsedate_to_datetime(named["date"])) / timedelta(seconds=1), 0.0)
    except (KeyError, ValueError, TypeError):
        return 0.0


def no_bucket(settings: InfluxDB, said: str = "") -> Missing:
    """The database or bucket is not there; `said`: the server's words."""
    return Missing(
        f"InfluxDB at {settings.url} knows no database or bucket {settings.bucket!r}: create it, set "
        f"influxdb.create = true, or name another in influxdb.bucket{said and f' ({said})'}"
    )


def _said(error: Exception) -> str:
    """The reason without the object that urllib3 puts in front of it."""
    text = str(error)
    return text.rpartition(">: ")[2] or text

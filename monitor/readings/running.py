"""Which service has a readings store open, and how to ask it: a DuckDB file belongs to one process.

Beside the store stands `<store>.running`: address, token and process of the service, readable by its owner only. The
service holds a lock on the file as long as it lives, and the system drops that lock however the process ends. So a
file that a dead process left behind is known as such, whatever has its process number now.
"""

import fcntl
import json
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import cast

from monitor.errors import InputError, StoreUnavailable

_EVERY_INTERFACE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # nosec B104
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""The service is on this machine; a proxy of the environment is for other ones."""
_OURS_TO_WAIT_FOR = frozenset({
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
    HTTPStatus.INSUFFICIENT_STORAGE,
})  # fmt: skip
"""Answers that say nothing against the request: the same one may do later."""


@dataclass(frozen=True)
class Running:
    """A service that runs: `address` is `http://host:port`, `token` what its API takes from this machine's owner."""

    address: str
    token: str
    pid: int

    def ask(
        self,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        method: str | None = None,
        timeout_s: float = 60.0,
    ) -> AbstractContextManager[HTTPResponse]:
        """The answer to `GET path`, or to `POST path` where there is a `body`; `path` begins with a slash.

        Raises InputError with the service's words when it refuses the request, StoreUnavailable when it does not answer
        or says that it cannot now.
        """
        sent = {"Authorization": f"Token {self.token}", **(headers or {})}
        request = urllib.request.Request(self.address + path, body, sent, method=method)  # noqa: S310 - always http
        return _answer(self, request, timeout_s)


@contextmanager
def announce(store: Path, address: str, token: str) -> Iterator[Running]:
    """Inside the `with`, `find(store)` gives this service; call it only while this process has the store open.

    `address` is `http://host:port`, or the `host:port` that the server listens on. Raises StoreUnavailable when the
    file cannot be written.
    """
    running = Running(_reachable(address), token, os.getpid())
    place = _place(store)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        # Written and locked under another name first: a reader finds a whole file that is locked, or an old one.
        handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)  # for its owner only: mode 600
    except OSError as error:
        raise StoreUnavailable(f"{place} cannot be written: {error.strerror}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            os.write(handle, json.dumps(vars(running)).encode())
            Path(name).replace(place)
        except OSError as error:
            Path(name).unlink(missing_ok=True)
            raise StoreUnavailable(f"{place} cannot be written: {error.strerror}") from error
        try:
            yield running
        finally:
            with suppress(OSError):
                place.unlink()
    finally:
        os.close(handle)


def find(store: Path) -> Running | None:
    """The service that has this store open, None when there is none."""
    place = _place(store)
    try:
        with place.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return Running(**json.load(file))
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise StoreUnavailable(f"{place} belongs to another user; run this as the user of the service") from error
    except (OSError, ValueError, TypeError) as error:
        raise StoreUnavailable(f"{place} cannot be read ({error}); stop the service and remove the file") from error
    return None  # nobody holds the lock: its process ended without a word


def _place(store: Path) -> Path:
    return store.with_name(f"{store.name}.running")


def _reachable(address: str) -> str:
    """An address to connect to: a server that listens everywhere is found on loopback."""
    if "://" in address:
        return address.rstrip("/")
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    host = _EVERY_INTERFACE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def _answer(running: Running, request: urllib.request.Request, timeout_s: float) -> Iterator[HTTPResponse]:
    silent = f"the service at {running.address} (process {running.pid}) does not answer"
    try:
        response = cast("HTTPResponse", _DIRECT.open(request, timeout=timeout_s))
    except urllib.error.HTTPError as error:
        with error:
            said = _message(error.read(100_000)) or error.reason
        kind = StoreUnavailable if error.code in _OURS_TO_WAIT_FOR else InputError
        raise kind(f"the service at {running.address} answers {error.code}: {said}") from error
    except (OSError, HTTPException) as error:
        raise StoreUnavailable(f"{silent}: {error}") from error
    with response:
        try:
            yield response
        except (ConnectionError, TimeoutError, HTTPException) as error:
            raise StoreUnavailable(f"{silent} to the end: {error!r}") from error


def _message(body: bytes) -> str:
    """What an error of the API says: `detail` of its own, `message` or `error` of the write endpoints."""
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    return next((str(said[key]) for key in ("detail", "message", "error") if said.get(key)), "") if said else ""

"""A sign of life after each good tick, to an address that somebody else watches: silence is its alarm."""

import threading
from urllib.parse import urlsplit

import structlog
import urllib3
from urllib3.exceptions import HTTPError

_SECONDS = 10.0

_log = structlog.get_logger(__name__)


class Heartbeat:
    """Asks for `url` (GET) after each `beat()`, in a thread of its own; of beats that pile up the last one counts.

    Failures are logged when they begin and when they end, without what may be secret in the address.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._due = threading.Event()
        self._stopping = False
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to send; without an address nothing is ever sent."""
        if self._url:
            self._thread.start()

    def beat(self) -> None:
        """The tick was good. Returns at once."""
        self._due.set()

    def stop(self) -> None:
        """End the thread; a request under way is left alone."""
        self._stopping = True
        self._due.set()
        if self._thread.ident is not None:
            self._thread.join(1)

    def _run(self) -> None:
        with urllib3.PoolManager(timeout=urllib3.Timeout(total=_SECONDS), retries=False) as pool:
            while self._due.wait():
                self._due.clear()
                if self._stopping:
                    return
                self._note(self._send(pool))

    def _send(self, pool: urllib3.PoolManager) -> str:
        """What went wrong, "" when nothing did."""
        try:
            answer = pool.request("GET", self._url, redirect=False, headers={"User-Agent": "Laddvakt"})
        except HTTPError as error:
            return type(error).__name__  # its words hold the whole address
        return "" if 200 <= answer.status < 300 else f"answered {answer.status}"

    def _note(self, failure: str) -> None:
        host = urlsplit(self._url).hostname
        if failure and not self._failing:
            _log.warning("heartbeat not taken; check notify.heartbeat_url", host=host, error=failure)
        elif self._failing and not failure:
            _log.info("heartbeat taken again", host=host)
        self._failing = bool(failure)

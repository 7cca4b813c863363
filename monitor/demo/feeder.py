"""Posts the demo's readings to the write endpoint, as any InfluxDB client would."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from monitor.clock import Clock
from monitor.demo.playback import Playback
from monitor.demo.points import Point

EVERY_S = 0.2
"""Real seconds between two looks at what is due: 12 s of the service's time at speed 60."""
BATCH_ROWS = 50_000
"""Holds the whole lead-in: a tick between two pieces of it would take every station for silent since the first."""
SPAN = timedelta(hours=12)
"""Rows are made for at most so much of the service's time at once, so that a stop never waits for a day of them."""
TIMEOUT_MS = 4000
FIRST_RETRY_S, LONGEST_RETRY_S = 0.25, 4.0

Send = Callable[[str], None]
"""Posts lines; raises ApiException or HTTPError when they were not taken."""

log = structlog.get_logger()


class Feeder:
    """A thread that keeps the write endpoint at `url` up to date with the playback, as far as the clock has come.

    A batch that the service cannot take now (503, or no answer) is sent again until it is taken, in order: nothing is
    lost or overtaken. What the service refuses for good is logged and left out.
    """

    def __init__(self, url: str, clock: Clock, playback: Playback, token: str = "demo") -> None:  # noqa: S107 - any will do
        self._url, self._token = url, token
        self._clock = clock
        self._playback = playback
        self._done_upto = playback.begins
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo-feeder", daemon=True)

    def start(self) -> None:
        """Begin to post, first of all what led up to the clock's start."""
        self._thread.start()

    def stop(self) -> None:
        """Post nothing more; returns when the request under way has ended. A second call does nothing."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        with InfluxDBClient(self._url, self._token, org="demo", enable_gzip=True, timeout=TIMEOUT_MS) as client:
            api = client.write_api(write_options=SYNCHRONOUS)

            def send(lines: str) -> None:
                api.write(bucket="charging", record=lines, write_precision=WritePrecision.S)

            while not self._stopping.wait(EVERY_S):
                self._catch_up(send)

    def _catch_up(self, send: Send) -> None:
        now = self._clock.now()
        while self._done_upto < now and not self._stopping.is_set():
            upto = min(now, self._done_upto + SPAN)
            points = self._playback.points(self._done_upto, upto)
            for first in range(0, len(points), BATCH_ROWS):
                self._post(send, points[first : first + BATCH_ROWS])
            self._done_upto = upto

    def _post(self, send: Send, points: Sequence[Point]) -> None:
        lines = "\n".join(point.line() for point in points)
        pause_s = FIRST_RETRY_S
        while not self._stopping.is_set():
            try:
                send(lines)
            except ApiException as refusal:
                if refusal.status and refusal.status < 500:
                    log.warning("readings refused", status=refusal.status, answer=refusal.body)
                    return
            except HTTPError as failure:
                log.debug("no answer to a write", error=str(failure))
            else:
                return
            self._stopping.wait(pause_s)
            pause_s = min(LONGEST_RETRY_S, 2 * pause_s)

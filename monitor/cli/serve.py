"""Serving the pages in the main thread until SIGTERM or Ctrl-C, then stopping everything in order."""

import ctypes
import gc
import logging
import secrets
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any

import structlog
import waitress
from waitress import wasyncore
from waitress.channel import HTTPChannel

from dashboards import LOCAL_TOKEN
from monitor.config import Settings
from monitor.errors import InputError, Unavailable
from monitor.readings import running

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's malloc.h."""

_CONNECTIONS = 1000
"""Open at once; a slow one holds no thread."""


def configure_logging(level: int = logging.INFO) -> None:
    """One line per event on standard error: readable on a terminal, JSON elsewhere."""
    renderer: Any = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # A slot that passes while a tick runs is no news: the service counts it as missed.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def keep_freed_memory() -> None:
    """Let the C library keep what a request gave back for the next one: at most 32 MB a thread.

    Reading a batch of 5,000 lines takes and returns 10 MB in arrays. By default glibc hands that to the system
    each time and gets it back page by page, a third of the reading's time. Elsewhere than on glibc: nothing.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
            mallopt(parameter, 32 * 2**20)


def look_less_often_for_garbage() -> None:
    """Look for objects that hold one another at every 50,000 new ones, not at every 700.

    With 10,000 sessions under way each look walks over what is known of them: a third to a half of what a tick's
    sessions cost (tests/benchmarks/sessions.py), for nothing, as little here holds itself.
    """
    gc.set_threshold(50_000, 10, 10)


def refuse_open_address(settings: Settings, *, users: bool) -> None:
    """Without users nobody outside this machine may be let in."""
    if not users and not settings.loopback:
        raise InputError(
            f"web.listen is {settings.web.listen!r}, but there are no users, so only loopback is allowed: add one with "
            "'laddvakt user add NAME', name web.admin_password_file, or listen on 127.0.0.1"
        )


class PatientOnce(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that is closed when a request takes longer than `longest_s` to arrive, however it trickles."""

    longest_s = 60.0
    _began: float | None = None

    def received(self, data: bytes) -> bool:
        """Called with each piece that arrives; waitress itself only ends connections that are silent."""
        now = monotonic()
        took: bool = super().received(data)
        if self.request is None:
            self._began = None
        elif self._began is None:
            self._began = now
        elif now - self._began > self.longest_s:
            self.will_close = True
        return took


def bind(app: Any, settings: Settings) -> Any:
    """A waitress server for a WSGI application that holds the port; raises Unavailable when somebody else does."""
    host, port = settings.listen_address
    longest_s = settings.web.request_timeout.total_seconds()
    try:
        server = waitress.create_server(
            app,
            host=host,
            port=port,
            threads=settings.web.threads,
            # The endpoints refuse what is over max_body themselves, in the words of their protocol.
            max_request_body_size=2 * settings.web.max_body,
            recv_bytes=2**18,
            inbuf_overflow=2**23,
            # How far an export runs ahead of a slow reader, in memory.
            outbuf_high_watermark=2**21,
            outbuf_overflow=2**22,
            ident=None,
            connection_limit=_CONNECTIONS,
            channel_timeout=longest_s,
            # `dashboards.proxies` decides who is believed: here it could be one address only.
            clear_untrusted_proxy_headers=False,
        )
    except OSError as error:
        raise Unavailable(
            f"cannot listen on {settings.web.listen}: {error.strerror}; choose another web.listen"
        ) from error
    channel = type("Channel", (PatientOnce,), {"longest_s": longest_s})
    for each in server._map.values():  # noqa: SLF001 - a name may have several addresses, each with a server
        if hasattr(each, "channel_class"):
            each.channel_class = channel
    return server


@contextmanager
def announced(app: Any, server: Any, settings: Settings, store: Path) -> Iterator[None]:
    """Let commands and notebooks of this user find the service beside its store, with a token of its own each time."""
    token = app.extensions[LOCAL_TOKEN] = secrets.token_urlsafe(32)
    host, _ = settings.listen_address
    host = f"[{host}]" if ":" in host else host
    with running.announce(store, f"{host}:{server.effective_port}", token):
        yield


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGINT into SystemExit in the main thread, once; a second signal is ignored while stopping."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with suppress(SystemExit):
        yield


def serve(server: Any, start: Callable[[], None], stop: Callable[[], None]) -> None:
    """Run `start`, serve until a signal, finish the requests under way, run `stop`."""
    with stopped_by_signals():
        start()
        server.run()
    # The loop has ended, but answers of the last requests may still stand in the buffers of their channels.
    for _ in range(20):
        if not any(getattr(channel, "total_outbufs_len", 0) for channel in server._map.values()):  # noqa: SLF001 - waitress names it nowhere else
            break
        wasyncore.loop(timeout=0.05, map=server._map, count=1)  # noqa: SLF001
    server.close()
    stop()

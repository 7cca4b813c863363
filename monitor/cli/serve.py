"""Serving the pages in the main thread until SIGTERM or Ctrl-C, then stopping everything in order."""

import ctypes
import logging
import secrets
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import structlog
import waitress
from waitress import wasyncore

from dashboards import LOCAL_TOKEN
from monitor.config import Settings
from monitor.errors import InputError, Unavailable
from monitor.readings import running

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's malloc.h."""

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


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


def refuse_open_address(settings: Settings) -> None:
    """Without users nobody outside this machine may be let in."""
    host, _ = settings.listen_address
    if host not in LOOPBACK:
        raise InputError(
            f"web.listen is {settings.web.listen!r}, but there are no users yet, so only loopback is allowed: "
            "use 127.0.0.1 and an authenticating proxy in front"
        )


def bind(app: Any, settings: Settings) -> Any:
    """A waitress server for a WSGI application that holds the port; raises Unavailable when somebody else does."""
    host, port = settings.listen_address
    try:
        return waitress.create_server(
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
            clear_untrusted_proxy_headers=True,
        )
    except OSError as error:
        raise Unavailable(
            f"cannot listen on {settings.web.listen}: {error.strerror}; choose another web.listen"
        ) from error


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

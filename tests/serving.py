"""A web server, and a service with its pages, in threads of the test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dashboards import create_app
from monitor.cli import serve
from monitor.config import Settings
from monitor.service import RealClock, Service


def stop(server: Any, loop: threading.Thread) -> None:
    """First the threads that answer: one that has just done so still writes to what is closed then; and the sockets in
    the thread that waits for them.
    """
    server.task_dispatcher.shutdown()
    server.trigger.pull_trigger(lambda: server.asyncore.close_all(server._map))
    loop.join()


@contextmanager
def answering(app: Any, settings: Settings) -> Iterator[Any]:
    """A web server on a free port, in a thread of its own."""
    server = serve.bind(app, settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        stop(server, thread)


@contextmanager
def running(settings: Settings) -> Iterator[Service]:
    """The service with its pages, announced as `laddvakt run` does; it does not tick."""
    service = Service(settings, RealClock())
    app = create_app(service)
    try:
        with answering(app, settings) as server, serve.announced(app, server, settings, settings.readings_file):
            yield service
    finally:
        service.stop()

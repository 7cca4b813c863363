"""The end of a waitress server that a test runs in a thread."""

import threading
from typing import Any


def stop(server: Any, loop: threading.Thread) -> None:
    """First the threads that answer: one that has just done so still writes to what is closed then; and the sockets in
    the thread that waits for them.
    """
    server.task_dispatcher.shutdown()
    server.trigger.pull_trigger(lambda: server.asyncore.close_all(server._map))
    loop.join()

"""A TCP proxy before influxd that misbehaves as it is told."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

PASS = "pass"
CUT = "cut"
"""The answer ends in the middle of its body."""
HANG = "hang"
"""Connections are taken and nothing is ever said."""

DRIBBLE = "dribble"
"""The answer comes a byte at a time: each is in time, the whole never is."""


class Proxy:
    """`mode`: PASS, CUT, HANG, DRIBBLE, or a status that every request gets (`500`, `503`, `429`), with `retry_after`
    in its head where that is set, and `says` as its body.
    """

    def __init__(self, upstream: str) -> None:
        self.mode = PASS
        self.retry_after = ""
        self.says = '{"error":"told to"}'
        self.requests = 0
        where = urlsplit(upstream)
        self._upstream = (where.hostname, where.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for each in [self._listener, *self._open]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """One request a connection: the answer is passed on whole, then both are closed."""
        with suppress(OSError), client:
            request = _message(client)
            self.requests += 1
            if self.mode == HANG:
                client.recv(1)  # until the other side has had enough
                return
            if self.mode.isdigit():
                rest = f"Retry-After: {self.retry_after}\r\n" if self.retry_after else ""
                head = f"HTTP/1.1 {self.mode} Told\r\nContent-Length: {len(self.says)}\r\n{rest}Connection: close\r\n"
                client.sendall(f"{head}\r\n{self.says}".encode())
                return
            with socket.create_connection(self._upstream) as server:
                server.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
                answer = b"".join(iter(lambda: server.recv(65536), b""))
            while self.mode == DRIBBLE:
                client.sendall(answer[:1])
                answer = answer[1:] or b"x"
                time.sleep(0.02)
            client.sendall(answer[: -len(answer) // 3] if self.mode == CUT else answer)


def _message(client: socket.socket) -> bytes:
    """A request with its body, whose length it gives."""
    read = b""
    while b"\r\n\r\n" not in read:
        read += client.recv(65536) or b"\r\n\r\n"
    head, _, body = read.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def proxy_before(upstream: str) -> Iterator[Proxy]:
    made = Proxy(upstream)
    try:
        yield made
    finally:
        made.close()

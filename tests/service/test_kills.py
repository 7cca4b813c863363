"""The whole service killed at random moments while clients write: every acknowledged row is there, once."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

KILLS = int(os.environ.get("LADDVAKT_TEST_KILLS", "20"))
GONE = (urllib.error.URLError, ConnectionError, http.client.HTTPException, TimeoutError)
LINES = 25

# `laddvakt run` as often as a line comes in: what takes long, importing it all, is done once.
LAUNCHER = """
import os, sys
import dashboards, duckdb, pandas, waitress
from monitor.cli.run import run

for _ in sys.stdin:
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        run([])
    os.wait()
    print("ended", flush=True)
"""


class Launcher:
    """Starts the service of a folder, again and again."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin
        assert process.stdout
        self._orders, self._said = process.stdin, process.stdout

    def start(self) -> int:
        """The new process; it does not answer yet."""
        self._orders.write("run\n")
        return int(self._said.readline())

    def kill(self, pid: int) -> None:
        """As a power cut would: no handler runs."""
        os.kill(pid, signal.SIGKILL)
        assert self._said.readline() == "ended\n"


@contextmanager
def launcher(service: Any) -> Iterator[Launcher]:
    with (service.folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER], cwd=service.folder, text=True, bufsize=1, stderr=log,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
    with process:
        yield Launcher(process)
        process.communicate()


class Writer(threading.Thread):
    """Sends 25 readings at a time, whether or not anybody listens, and notes those that were answered by 204."""

    def __init__(self, service: Any, connector: int) -> None:
        super().__init__()
        self._service, self._connector = service, connector
        self.acknowledged: set[int] = set()
        self.done = threading.Event()

    def run(self) -> None:
        for first in count(0, LINES):
            if self.done.is_set():
                return
            begin_s = int(time.time())
            numbers = range(first, first + LINES)
            # A number is a moment of its own; some are older than what came before them.
            lines = [
                f"meter,site=lund,station=l-1,connector={self._connector} power_w={number} "
                f"{begin_s - number % 3}{number:06}"
                for number in numbers
            ]
            try:
                self._service.write("\n".join(lines), "us")
            except GONE:
                time.sleep(0.02)
            else:
                self.acknowledged.update(numbers)


def stored(service: Any, connector: int) -> list[int]:
    path = f"/api/v1/readings?site=lund&station=l-1&connector={connector}&format=csv"
    names, *rows = [line.split(",") for line in service.get(path).splitlines()]
    return [int(float(row[names.index("power_w")])) for row in rows]


def test_rows_that_were_acknowledged_survive_kills_of_the_service(service):
    chance = random.Random()
    writers = [Writer(service, connector) for connector in (1, 2)]
    for writer in writers:
        writer.start()
    with launcher(service) as launches:
        for kill in range(KILLS):
            known = sum(len(writer.acknowledged) for writer in writers)
            pid = launches.start()
            if kill % 4:  # every fourth is killed while it starts, or soon after
                service.eventually(
                    lambda known=known: sum(len(writer.acknowledged) for writer in writers) > known, "writes are taken"
                )
            time.sleep(chance.uniform(0, 0.5))
            launches.kill(pid)
    for writer in writers:
        writer.done.set()
        writer.join()

    service.start()
    for writer in writers:
        found = stored(service, writer._connector)
        assert len(found) == len(set(found))
        assert writer.acknowledged <= set(found)
        assert len(set(found) - writer.acknowledged) <= KILLS * LINES  # on their way when a kill came
        assert len(writer.acknowledged) > KILLS * LINES / 2


def test_doctor_beside_a_service_that_runs(service):
    service.start()
    done = subprocess.run([service.command, "doctor", "--json"], cwd=service.folder, capture_output=True, check=False)
    said = {each["part"]: each["message"] for each in json.loads(done.stdout)["findings"]}
    assert done.returncode == 0, done.stdout
    assert "is in use by the service at" in said["readings"]
    assert "is used by the running service" in said["web"]

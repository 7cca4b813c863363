"""The whole service killed while clients write: every acknowledged row is there, once; and what doctor says of it."""

import contextlib
import http.client
import json
import os
import random
import subprocess
import threading
import time
import urllib.error
from collections import Counter
from datetime import UTC, datetime

KILLS = max(1, int(os.environ.get("LADDVAKT_TEST_KILLS", "20")) // 20)
GONE = (urllib.error.URLError, ConnectionError, http.client.HTTPException, TimeoutError)


def write_until_gone(service, writer, begin, acknowledged):
    """One row a request, a second apart in their times; a number joins `acknowledged` after its 204."""
    number = begin
    with contextlib.suppress(*GONE):
        while True:
            at = round(datetime.now(UTC).timestamp())
            service.write(f'meter,site=lund,station=l-1,connector={writer} power_w={number},session="{number}" {at}')
            acknowledged.add((writer, at, number))
            number += 1
            time.sleep(0.005)


def test_rows_that_were_acknowledged_survive_kills_of_the_service(service):
    acknowledged = set()
    for kill in range(KILLS):
        service.start()
        if kill == 0:
            command = [service.command, "doctor", "--json"]
            done = subprocess.run(command, cwd=service.folder, capture_output=True, text=True, check=False)
            said = {each["part"]: each["message"] for each in json.loads(done.stdout)["findings"]}
            assert done.returncode == 0, done.stdout
            assert "is in use by the service at" in said["readings"]
            assert "is used by the running service" in said["web"]
        writers = [
            threading.Thread(target=write_until_gone, args=(service, writer, 1000 * kill, acknowledged))
            for writer in (1, 2)
        ]
        for writer in writers:
            writer.start()
        time.sleep(random.uniform(0.5, 1.5))
        service.kill()
        for writer in writers:
            writer.join()

    service.start()
    text = service.get("/api/v1/readings?site=lund&format=csv")
    rows = [line.split(",") for line in text.splitlines()]
    names, rows = rows[0], rows[1:]
    points = Counter((row[names.index("connector")], row[names.index("time")]) for row in rows)
    assert set(points.values()) == {1}
    # Writes of one second are one point: the last acknowledged one counts, or one on its way when the kill came.
    found = {
        (int(row[names.index("connector")]), round(datetime.fromisoformat(row[names.index("time")]).timestamp())): int(
            row[names.index("session")]
        )
        for row in rows
    }
    newest = {}
    for writer, at, number in sorted(acknowledged):
        newest[writer, at] = number
    assert len(newest) >= KILLS
    assert all(found[point] - number in {0, 1} for point, number in newest.items())

"""What was acknowledged is there, whatever happens to the process; the file belongs to one process."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta

import pytest

from monitor.errors import StoreUnavailable
from monitor.readings.embedded import EmbeddedStore

# Appends batches of 50 connectors for ever, some rows late, ticks in between, and prints the number of each batch after
# its append has returned.
WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
import pyarrow as pa
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.store import Batch

noon = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
store = EmbeddedStore(Path(sys.argv[1]), timedelta(minutes=30))
for number in range(1_000_000):
    second = number if number % 3 else number - 2
    rows = [{"site": "s", "station": f"x{each}", "connector": "1", "power_w": float(number),
             "time_us": round((noon.timestamp() + second) * 1e6) + each} for each in range(50)]
    store.append(Batch({"meter": pa.Table.from_pylist(rows)}, noon))
    print(number, flush=True)
    if number % 4 == 0:
        store.bring_up_to(noon + timedelta(seconds=number))
"""


@pytest.mark.parametrize("acknowledged", [1, 14])
def test_an_acknowledged_batch_survives_kill_9(path, noon, acknowledged):
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        numbers = [int(writer.stdout.readline()) for _ in range(acknowledged)]
        writer.send_signal(signal.SIGKILL)
        numbers += [int(line) for line in writer.stdout.read().split()]

    store = EmbeddedStore(path, timedelta(minutes=30))
    # Every third batch is late and writes the points of an older one again, so the last one of each time counts.
    expected = {number if number % 3 else number - 2: float(number) for number in numbers}
    on_its_way = numbers[-1] + 1.0  # this batch may be there or not, but if it is, whole
    for merged in (False, True):
        if merged:
            store.bring_up_to(noon + timedelta(days=1))
        rows = [row for batch in store.scan("meter") for row in batch.to_pylist()]
        points = [(row["station"], row["time_us"]) for row in rows]
        assert len(points) == len(set(points))
        found: dict[int, set[float]] = {}
        for row in rows:
            second = (row["time_us"] - int(row["station"][1:])) / 1e6 - noon.timestamp()
            found.setdefault(round(second), set()).add(row["power_w"])
        assert set(expected) <= set(found)
        assert all(values in ({expected.get(second)}, {on_its_way}) for second, values in found.items())
        assert len(rows) == 50 * len(found)
    with store.snapshot() as snapshot:
        wrong = snapshot.query("""
            SELECT * FROM latest_meter JOIN (SELECT connector_key, max(time_us) AS last FROM meter GROUP BY ALL)
            USING (connector_key) WHERE power_mw_us <> last OR row_us <> last""")
    assert wrong.num_rows == 0
    store.close()


# Imports once; for every number that it reads a new process appends batches from that number on until it is killed.
LAUNCHER = """
import os, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
import pyarrow as pa
from monitor.readings.embedded import EmbeddedStore
from monitor.readings.store import Batch

noon = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
for line in sys.stdin:
    number = int(line)
    if os.fork() == 0:
        print("pid", os.getpid(), flush=True)
        store = EmbeddedStore(Path(sys.argv[1]), timedelta(minutes=30))
        while True:
            rows = [{"site": "s", "station": f"x{each}", "connector": "1", "power_w": float(number),
                     "time_us": round(noon.timestamp() * 1e6) + 1000 * number} for each in range(20)]
            store.append(Batch({"meter": pa.Table.from_pylist(rows)}, noon))
            print(number, flush=True)
            if number % 5 == 0:
                store.bring_up_to(noon + timedelta(milliseconds=number))
            number += 1
    os.wait()
    print("ended", flush=True)
"""
KILLS = int(os.environ.get("LADDVAKT_TEST_KILLS", "20"))


def test_every_acknowledged_row_is_there_once_after_kills_at_random_moments(path):
    chance, numbers, begin = random.Random(), [], 0
    command = [sys.executable, "-c", LAUNCHER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as launcher:
        assert launcher.stdin is not None
        assert launcher.stdout is not None
        for kill in range(KILLS):
            launcher.stdin.write(f"{begin}\n")
            pid = int(launcher.stdout.readline().split()[1])
            if kill % 4:  # every fourth is killed while it opens the file, or soon after
                numbers.append(int(launcher.stdout.readline()))
            time.sleep(chance.uniform(0, 0.2))
            os.kill(pid, signal.SIGKILL)
            while (line := launcher.stdout.readline().strip()) != "ended":
                numbers.append(int(line))
            begin = max([begin, *numbers]) + 2  # the one after the last may have been stored without a word
        launcher.stdin.close()

    assert len(numbers) > KILLS
    with closing(EmbeddedStore(path, timedelta(minutes=30))) as store:
        rows = [row for part in store.scan("meter") for row in part.to_pylist()]
    points = [(row["station"], row["time_us"]) for row in rows]
    assert len(points) == len(set(points))
    found = [row["power_w"] for row in rows]
    assert len(set(found) - set(numbers)) <= KILLS
    assert all(count == 20 for count in Counter(found).values())
    assert set(numbers) <= set(found)


def test_a_second_process_is_told_what_to_do(path, store):
    code = f"""
from datetime import timedelta; from pathlib import Path
from monitor.readings.embedded import EmbeddedStore
EmbeddedStore(Path({str(path)!r}), timedelta(minutes=30))
"""
    second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert second.returncode != 0
    assert "StoreUnavailable" in second.stderr
    assert "is in use by process" in second.stderr
    assert "/api/v1/readings" in second.stderr


def test_a_file_that_is_no_store_is_left_alone(path):
    path.write_bytes(b"something else entirely" * 500)

    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        EmbeddedStore(path, timedelta(minutes=30))
    assert path.read_bytes().startswith(b"something else")


def test_a_file_of_a_newer_program_is_left_alone(path, store):
    store.close()
    newer = EmbeddedStore(path, timedelta(minutes=30))
    newer._writer.run("pretend", lambda connection, _: connection.execute("UPDATE store_state SET version = 99"))
    newer.close()

    with pytest.raises(StoreUnavailable, match="newer Laddvakt"):
        EmbeddedStore(path, timedelta(minutes=30))


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreUnavailable, match="folder"):
        EmbeddedStore(tmp_path / "file" / "readings.duckdb", timedelta(minutes=30))

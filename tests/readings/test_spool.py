"""The disk spool: what was acknowledged comes out again, in order, whatever happened in between."""

import signal
import subprocess
import sys
from contextlib import ExitStack, closing

import pytest

from monitor.errors import StoreFull
from monitor.readings.spool import Spool, Waiting

ROOM = 10**7


@pytest.fixture
def open_spool():
    """Opens a spool; all are closed in the end."""
    with ExitStack() as stack:
        yield lambda *args: stack.enter_context(closing(Spool(*args)))


def drained(spool):
    """The powers of what the spool holds, batch by batch; it is empty then."""
    out = []
    while spool:
        out += [batch.tables["meter"]["power_w"].to_pylist() for batch in spool.first(1)]
        spool.drop_first()
    return out


def test_batches_come_out_as_they_went_in(tmp_path, power, open_spool):
    spool = open_spool(tmp_path, ROOM)
    written = [power(second, power_w=second + 0.5) for second in range(3)]
    for batch in written:
        spool.append(batch)

    assert spool.waiting.batches == 3
    assert spool.waiting.rows == 3
    assert spool.first(100) == written
    spool.drop_first()
    assert not spool
    assert spool.first(100) == []


def test_what_was_not_dropped_comes_again(tmp_path, power, open_spool):
    spool = open_spool(tmp_path, ROOM)
    spool.append(power(0))

    assert len(spool.first(10)) == len(spool.first(10)) == 1
    assert spool


def test_rows_bound_what_is_taken_at_once_but_one_batch_always_comes(tmp_path, power, open_spool):
    spool = open_spool(tmp_path, ROOM)
    for second in range(5):
        spool.append(power(second))

    assert [len(spool.first(rows)) for rows in (0, 1, 3, 99)] == [1, 1, 3, 5]


def test_a_restart_goes_on_where_it_was_and_new_batches_go_behind(tmp_path, power, open_spool):
    spool = open_spool(tmp_path, ROOM)
    for second in range(3):
        spool.append(power(second, float(second)))
    spool.close()

    spool = open_spool(tmp_path, ROOM)
    spool.append(power(3, 3.0))
    assert drained(spool) == [[0.0], [1.0], [2.0], [3.0]]
    assert list(tmp_path.iterdir()) == []


def test_a_torn_tail_is_left_out_and_nothing_before_it(tmp_path, power, open_spool):
    spool = open_spool(tmp_path, ROOM)
    for second in range(3):
        spool.append(power(second, float(second)))
    spool.close()
    [segment] = tmp_path.glob("*.segment")
    whole = segment.read_bytes()

    for cut in (1, 17, len(whole) // 3 - 1):
        segment.write_bytes(whole[:-cut])
        spool = open_spool(tmp_path, ROOM)
        assert spool.waiting.batches == 2
        spool.append(power(9, 9.0))
        assert [batch.tables["meter"]["power_w"].to_pylist() for batch in spool.first(99)] == [[0.0], [1.0], [9.0]]
        spool.close()
        for extra in sorted(tmp_path.glob("*.segment"))[1:]:
            extra.unlink()


def test_a_flipped_bit_costs_its_own_batch_only(tmp_path, power, open_spool):
    spool = open_spool(tmp_path, ROOM)
    for second in range(3):
        spool.append(power(second, float(second)))
    [segment] = tmp_path.glob("*.segment")
    damaged = bytearray(segment.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    segment.write_bytes(damaged)

    again = open_spool(tmp_path, ROOM)
    assert again.waiting.batches == 2
    again.close()
    assert drained(spool) == [[0.0], [2.0]]


def test_at_the_limit_it_says_so_and_takes_more_once_drained(tmp_path, power, open_spool):
    size = open_spool(tmp_path / "one", ROOM)
    size.append(power(0))
    spool = open_spool(tmp_path / "two", 3 * size.waiting.size_bytes)
    for second in range(3):
        spool.append(power(second, float(second)))

    with pytest.raises(StoreFull, match=r"spool\.limit"):
        spool.append(power(3, 3.0))
    assert drained(spool) == [[0.0], [1.0], [2.0]]
    assert spool.waiting == Waiting(0, 0, 0)
    spool.append(power(3, 3.0))
    assert drained(spool) == [[3.0]]


# Appends for ever and prints each number after its append has returned.
WRITER = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
import pyarrow as pa
from monitor.errors import DiskFull
from monitor.readings.spool import Spool
from monitor.readings.store import Batch

noon = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
spool = Spool(Path(sys.argv[1]), 10**9)
def append(number):
    rows = [{"site": "s", "station": "x", "connector": "1", "time_us": number, "power_w": float(number)}]
    spool.append(Batch({"meter": pa.Table.from_pylist(rows)}, noon))
"""
FOREVER = """
for number in range(10**9):
    append(number)
    print(number, flush=True)
"""
# A file may not grow beyond 4,000 bytes: the kernel refuses to write as it does when the disk is full.
FULL = """
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))
number = 0
try:
    while True:
        append(number)
        number += 1
except DiskFull as error:
    print(error, file=sys.stderr)
print(number)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
append(number)
"""


@pytest.mark.parametrize("acknowledged", [1, 40])
def test_an_acknowledged_batch_survives_kill_9(tmp_path, open_spool, acknowledged):
    command = [sys.executable, "-c", WRITER + FOREVER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        numbers = [int(writer.stdout.readline()) for _ in range(acknowledged)]
        writer.send_signal(signal.SIGKILL)
        numbers += [int(line) for line in writer.stdout.read().split()]

    found = drained(open_spool(tmp_path, ROOM))
    assert found[: len(numbers)] == [[float(number)] for number in numbers]
    assert len(found) - len(numbers) in {0, 1}  # one may have been safe without having been acknowledged


def test_a_full_disk_is_named_costs_nothing_and_it_goes_on_when_there_is_room(tmp_path, open_spool):
    command = [sys.executable, "-c", WRITER + FULL, str(tmp_path)]
    writer = subprocess.run(command, capture_output=True, text=True, check=True)

    taken = int(writer.stdout)
    assert taken > 0
    assert "is full; free some space" in writer.stderr
    assert drained(open_spool(tmp_path, ROOM)) == [[float(number)] for number in range(taken + 1)]

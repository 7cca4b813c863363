"""`laddvakt backup` of a service that runs and is written to, and `laddvakt restore` of what it wrote."""

import json
import shutil
import sqlite3
import stat
import subprocess
import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from monitor.backup.archive import MANIFEST, STATE
from monitor.state.database import Database

KEPT = ("alerts", "events", "sessions", "session_periods", "outbox", "tariff_versions")


def laddvakt(service: Any, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [service.command, *map(str, arguments)]
    return subprocess.run(command, cwd=service.folder, text=True, capture_output=True, check=False)


def lines(ended: datetime) -> str:
    """A session of 20 kWh on connector 1 that is over, and a car on connector 2 that gets nothing."""
    stop, began = int(ended.timestamp()), int(ended.timestamp()) - 1200
    of = "site=lund,station=l-1,connector"
    return "\n".join([
        f'status,{of}=1 status="Charging" {began}',
        f'transaction,{of}=1,event=start session="77",user="04AA",meter_wh=1000 {began}',
        *(f'meter,{of}=1 power_w=60000,energy_wh={1000 + 1000 * m},session="77" {began + 60 * m}' for m in range(21)),
        f'transaction,{of}=1,event=stop session="77",meter_wh=21000 {stop}',
        f'status,{of}=1 status="Available" {stop + 10}',
        f'status,{of}=2 status="Charging" {stop}',
        *(f"meter,{of}=2 power_w=100 {stop + 60 * m}" for m in range(20)),
    ])  # fmt: skip


def stored(state: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(state)) as database:
        return {table: database.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in KEPT}


def finished(service: Any) -> tuple[list[Any], list[Any]]:
    """Alerts, and the sessions that no tick changes any more."""
    return service.items("/api/v1/alerts"), [each for each in service.items("/api/v1/sessions") if each["plug_out"]]


@pytest.fixture
def busy(service: Any, mailbox: Any) -> Any:
    """A service with a priced session, a firing alert, and a mail about it."""
    service.start()
    service.write(lines(datetime.now(UTC) - timedelta(minutes=20)))
    service.eventually(lambda: mailbox.mails, "a mail is sent")
    service.eventually(lambda: [s for s in service.items("/api/v1/sessions") if s["total_incl_vat"]], "it is priced")
    return service


def test_after_a_restore_everything_is_as_it_was(busy: Any) -> None:
    readings = busy.get("/api/v1/readings?measurement=meter&format=csv")
    told = finished(busy)
    made = laddvakt(busy, "backup", "b.laddvakt")
    assert made.returncode == 0, made.stderr
    assert stat.S_IMODE((busy.folder / "b.laddvakt").stat().st_mode) == 0o600
    with zipfile.ZipFile(busy.folder / "b.laddvakt") as archive:
        assert {"user.key", "web.key"} <= set(archive.namelist())
        archive.extract(STATE, busy.folder / "unpacked")
    before = stored(busy.folder / "unpacked" / STATE)
    assert all(before[table] for table in ("alerts", "sessions", "session_periods", "outbox"))

    busy.write("meter,site=lund,station=l-1,connector=1 power_w=1 1760000000")  # not to come back
    refused = laddvakt(busy, "restore", "b.laddvakt", "--force")
    assert (refused.returncode, "is running: stop it first" in refused.stderr) == (3, True)
    busy.kill()
    refused = laddvakt(busy, "restore", "b.laddvakt")
    assert (refused.returncode, "would be overwritten" in refused.stderr) == (1, True)
    restored = laddvakt(busy, "restore", "b.laddvakt", "--force")
    assert restored.returncode == 0, restored.stderr
    assert stored(busy.folder / "var" / "state.sqlite") == before

    busy.start()
    assert busy.get("/api/v1/readings?measurement=meter&format=csv") == readings
    assert finished(busy) == told


def test_a_backup_beside_writes_has_all_that_was_acknowledged_before_it(service: Any, tmp_path: Path) -> None:
    service.start()
    done, acknowledged = Event(), [0]

    def write() -> None:
        while not done.is_set():
            first = acknowledged[0]
            of = "meter,site=lund,station=l-1,connector=1"
            service.write("\n".join(f"{of} power_w={n} {1_760_000_000 + n}" for n in range(first, first + 100)))
            acknowledged[0] = first + 100

    writer = Thread(target=write)
    writer.start()
    try:
        service.eventually(lambda: acknowledged[0] > 500, "rows are taken")
        least = acknowledged[0]
        assert laddvakt(service, "backup", "b.laddvakt").returncode == 0
    finally:
        done.set()
        writer.join()
    assert acknowledged[0] > least
    service.kill()
    shutil.rmtree(service.folder / "var")
    assert laddvakt(service, "restore", "b.laddvakt").returncode == 0
    service.start()
    names, *rows = service.get("/api/v1/readings?measurement=meter&format=csv").splitlines()
    place = names.split(",").index("power_w")
    numbers = sorted(int(float(row.split(",")[place])) for row in rows)
    assert numbers == list(range(len(numbers)))
    assert least <= len(numbers) < acknowledged[0] + 100


def test_a_service_that_does_not_run_is_backed_up_too_and_keys_can_be_left_out(busy: Any) -> None:
    busy.kill()
    assert laddvakt(busy, "backup", "--no-keys", "b.laddvakt").returncode == 0
    with zipfile.ZipFile(busy.folder / "b.laddvakt") as archive:
        assert set(archive.namelist()) == {"state.sqlite", "readings.duckdb", MANIFEST}
        assert json.loads(archive.read(MANIFEST))["rows"]["meter"] == 41
    again = laddvakt(busy, "backup", "b.laddvakt")
    assert (again.returncode, "exists already" in again.stderr) == (1, True)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, laddvakt: Path) -> Path:
    """A backup of a state without readings."""
    folder = tmp_path_factory.mktemp("good")
    with closing(Database(f"sqlite:///{folder / 'var' / 'state.sqlite'}")) as database:
        database.migrate()
    subprocess.run([laddvakt, "backup", "good.laddvakt"], cwd=folder, check=True, capture_output=True)
    return folder / "good.laddvakt"


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def changed(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def rewritten(file: Path, **said: object) -> None:
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[MANIFEST] = json.dumps(json.loads(members[MANIFEST]) | said).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def newer_format(file: Path) -> None:
    rewritten(file, format=2, version="9.0.0")


def newer_schema(file: Path) -> None:
    folder = file.parent / "taken-apart"
    with zipfile.ZipFile(file) as archive:
        archive.extract(STATE, folder)
        manifest = archive.read(MANIFEST)
    with closing(sqlite3.connect(folder / STATE)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    with zipfile.ZipFile(file, "w") as archive:
        archive.write(folder / STATE, STATE)
        archive.writestr(MANIFEST, manifest)


def another_archive(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("holiday.jpg", b"...")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (cut_off, "is damaged"),
        (changed, "is damaged"),
        (empty, "is damaged"),
        (newer_format, "made by Laddvakt 9.0.0, which is newer"),
        (newer_schema, "which is newer than this one"),
        (another_archive, "is no backup of Laddvakt"),
        (Path.unlink, "there is no file"),
    ],
    ids=["cut-off", "changed", "empty", "newer-format", "newer-schema", "another-archive", "missing"],
)
def test_a_file_that_cannot_be_restored_is_refused_in_words_and_changes_nothing(
    good: Path, tmp_path: Path, laddvakt: Path, spoil: Any, message: str
) -> None:
    file = Path(shutil.copy(good, tmp_path))
    spoil(file)
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "state.sqlite").write_bytes(b"as it was")
    done = subprocess.run(
        [laddvakt, "restore", "--force", file], cwd=tmp_path, text=True, capture_output=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert message in done.stderr
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["state.sqlite"]
    assert (tmp_path / "var" / "state.sqlite").read_bytes() == b"as it was"

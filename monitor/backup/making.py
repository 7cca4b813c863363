"""`laddvakt backup`: state, embedded store and keys in one file, while the service runs or not.

The state is copied before the readings: it says up to which of them sessions were assembled, and a restored service
goes on from there. The other way round it would pass over rows.
"""

import shutil
import tempfile
import zipfile
from contextlib import closing
from datetime import datetime
from pathlib import Path

from monitor import __version__
from monitor.backup.archive import FORMAT, KEYS, READINGS, STATE, Manifest, describe, writing
from monitor.config import Settings
from monitor.errors import DiskFull
from monitor.readings import running
from monitor.readings.embedded import EmbeddedStore, rows_of
from monitor.readings.running import Running
from monitor.state import copying
from monitor.state.database import Database

_PATIENCE_S = 3600.0
"""How long the service may take to copy its store before the first byte comes."""


def backup(settings: Settings, file: Path, now: datetime, *, keys: bool) -> Manifest:
    """Write the file and say what is in it; raises LaddvaktError, and leaves nothing then."""
    var = settings.paths.var
    var.mkdir(parents=True, exist_ok=True)
    with writing(file) as archive, tempfile.TemporaryDirectory(prefix=".backup-", dir=var) as folder:
        state = Path(folder) / STATE
        with closing(Database(settings.state_url)) as database:
            copying.copy_to(database, state)
        with closing(Database(f"sqlite:///{state}")) as copy:
            schema = copy.schema().found
        archive.write(state, STATE)
        rows = _readings(settings, archive, Path(folder) / READINGS)
        for name in KEYS if keys else ():
            if (var / name).exists():
                archive.write(var / name, name)
        manifest = Manifest(FORMAT, __version__, now.isoformat(), schema, settings.store.kind, rows)
        describe(archive, manifest)
    return manifest


def _readings(settings: Settings, archive: zipfile.ZipFile, copy: Path) -> dict[str, int]:
    """Their rows by measurement; of InfluxDB none, which has backups of its own."""
    store = settings.readings_file
    service = running.find(store)
    if settings.store.kind != "embedded" or (service is None and not store.exists()):
        return {}
    if service is not None:
        _ask(service, copy)
    else:
        with closing(EmbeddedStore(store, settings.evaluate.window)) as opened:
            opened.copy_to(copy)
    rows = rows_of(copy)
    archive.write(copy, READINGS, zipfile.ZIP_DEFLATED)
    return rows


def _ask(service: Running, copy: Path) -> None:
    with service.ask("/api/v1/backup", b"", timeout_s=_PATIENCE_S) as answer:
        try:
            with copy.open("wb") as out:
                shutil.copyfileobj(answer, out, 2**20)
        except OSError as error:
            raise DiskFull(f"{copy} cannot be written: {error.strerror or error}") from error

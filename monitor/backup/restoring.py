"""`laddvakt restore`: a backup put where the settings say, all or nothing.

Everything is unpacked beside its place and opened before anything is replaced.
"""

import tempfile
from contextlib import closing
from pathlib import Path

from monitor.backup.archive import KEYS, READINGS, STATE, Manifest, reading, unpack
from monitor.config import Settings
from monitor.errors import InputError, Unavailable
from monitor.readings import running
from monitor.readings.embedded import rows_of
from monitor.state import copying
from monitor.state.database import Database


def restore(settings: Settings, file: Path, *, force: bool) -> Manifest:
    """Raises InputError for a file that cannot be taken and for what would be overwritten, StoreUnavailable while the
    service runs.
    """
    var = settings.paths.var
    if service := running.find(settings.readings_file):
        raise Unavailable(f"the service at {service.address} (process {service.pid}) is running: stop it first")
    var.mkdir(parents=True, exist_ok=True)
    with (
        reading(file) as (archive, manifest),
        tempfile.TemporaryDirectory(prefix=".restore-", dir=var) as unpacked,
        closing(Database(settings.state_url)) as database,
    ):
        folder = Path(unpacked)
        members = [name for name in (STATE, READINGS, *KEYS) if name in archive.namelist()]
        _refuse_to_overwrite(settings, database, members, force=force)
        for name in members:
            unpack(archive, name, folder / name)
        _look(file, folder, manifest)
        if database.file is None:
            copying.copy_from(folder / STATE, database)
        else:
            _replace(folder / STATE, database.file, "-wal", "-shm")
        # What a clean stop kept of sessions under way belongs to the state that was replaced.
        (var / "sessions.kept").unlink(missing_ok=True)
        if settings.store.kind == "embedded" and READINGS in members:
            _replace(folder / READINGS, settings.readings_file, ".wal")
        for name in KEYS:
            if name in members:
                (folder / name).replace(var / name)
    return manifest


def _refuse_to_overwrite(settings: Settings, database: Database, members: list[str], *, force: bool) -> None:
    if force:
        return
    there = []
    if database.file is None:
        there += [database.shown] if database.schema().found else []
    elif database.file.exists() and database.schema().found:
        there.append(str(database.file))
    if settings.store.kind == "embedded" and READINGS in members and settings.readings_file.exists():
        there.append(str(settings.readings_file))
    there += [
        str(settings.paths.var / name) for name in KEYS if name in members and (settings.paths.var / name).exists()
    ]
    if there:
        raise InputError(f"{', '.join(there)} would be overwritten: move it away, or say --force")


def _look(file: Path, folder: Path, manifest: Manifest) -> None:
    """Open what was unpacked, and bring the state up to this version; nothing in force has been changed yet."""
    with closing(Database(f"sqlite:///{folder / STATE}")) as state:
        if state.schema().is_newer:
            raise InputError(
                f"{file} was made by Laddvakt {manifest.version}, which is newer than this one: install that"
            )
        state.migrate()
    if (folder / READINGS).exists():
        rows_of(folder / READINGS)


def _replace(source: Path, target: Path, *beside: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    for ending in beside:
        target.with_name(target.name + ending).unlink(missing_ok=True)

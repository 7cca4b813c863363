"""The real sessions in a state database, loaded by the command, and rolled up."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.register import Register
from monitor.state.database import Database
from monitor.state.rollups import Rollups
from tests.cli.test_import_real import AC, DC
from tests.insight.real import AC_SITE, DC_SITE, DC_ZONE


def load(laddvakt: Path, folder: Path, mapping: tuple[str, ...], *arguments: str | Path) -> None:
    options = [part for entry in mapping for part in ("--map", entry)]
    command = [laddvakt, "import", *arguments, "--format", "sessions", *options]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)


@pytest.fixture(scope="session")
def real(shared: Path, laddvakt: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """27,407 AC sessions at `acn`, 1,878 DC sessions at `suisse`; no register, so the default zone."""
    folder = tmp_path_factory.mktemp("real")
    data = shared / "data"
    load(laddvakt, folder, AC, *sorted((data / "ac_sessions").glob("*/*.csv.gz")), "--site", AC_SITE)
    load(laddvakt, folder, DC, data / "dc_sessions" / "Session_data.xlsx", "--site", DC_SITE, "--station", "dc-1",
         "--zone", DC_ZONE)  # fmt: skip
    database = Database(f"sqlite:///{folder / 'var' / 'state.sqlite'}")
    assert Rollups(database).bring_up_to_date(Register()) == 2
    yield database
    database.close()

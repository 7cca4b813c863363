"""The real sessions of ../shared/data, imported by one command each: sums per station are those that pandas makes."""

import json
import subprocess
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest

from monitor.ingest.spreadsheet import as_csv
from monitor.state.database import Database
from monitor.state.sessions import SessionStore

AC = ("session=session_id", "station=station_id", "plug_in=arrival", "plug_out=departure", "connector==1",
      "energy_wh=delivered_energy (kWh)*1000")  # fmt: skip
DC = ("session=Session", "connector=CCS", "plug_in=Arrival", "plug_out=Departure", "energy_wh=Energy (Wh)",
      "max_power_w=Pmax (W)", "soc_in=SOC arrival", "soc_out=SOC departure")  # fmt: skip

Import = Callable[..., dict[str, int]]


@pytest.fixture
def run(tmp_path: Path, laddvakt: Path) -> Import:
    """What one `laddvakt import` of files under a mapping counts over all of them."""

    def command(mapping: tuple[str, ...], *arguments: str | Path) -> dict[str, int]:
        options = [part for entry in mapping for part in ("--map", entry)]
        done = subprocess.run(
            [laddvakt, "import", "--json", *arguments, "--format", "sessions", *options],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        files = json.loads(done.stdout)["files"]
        return {name: sum(file[name] for file in files) for name in ("stored", "unchanged", "rejected_count")}

    return command


@pytest.fixture
def sums(tmp_path: Path) -> Iterator[Callable[[str], pd.DataFrame]]:
    """Sessions, kWh and seconds plugged in of each station of a site, from the state database."""
    database = Database(f"sqlite:///{tmp_path / 'var' / 'state.sqlite'}")

    def of(site: str) -> pd.DataFrame:
        rows = [
            (each.place.station, each.energy_wh, (each.plug_out - each.plug_in).total_seconds())
            for piece in SessionStore(database).walk()
            for each in piece
            if each.place.site == site and each.plug_out is not None
        ]
        return summed(pd.DataFrame(rows, columns=["station", "wh", "plugged_s"]))

    yield of
    database.close()


def summed(sessions: pd.DataFrame) -> pd.DataFrame:
    return sessions.groupby("station").agg(sessions=("wh", "size"), wh=("wh", "sum"), plugged_s=("plugged_s", "sum"))


def test_27_407_ac_sessions(shared: Path, run: Import, sums: Callable[[str], pd.DataFrame]) -> None:
    paths = sorted((shared / "data" / "ac_sessions").glob("*/*.csv.gz"))
    assert run(AC, *paths, "--site", "acn") == {"stored": 27_407, "unchanged": 0, "rejected_count": 0}
    raw = pd.concat([pd.read_csv(path, dtype={"station_id": str}) for path in paths])
    arrived, left = (pd.to_datetime(raw[name], utc=True) for name in ("arrival", "departure"))
    raw = raw.assign(wh=raw["delivered_energy (kWh)"] * 1000, plugged_s=(left - arrived).dt.total_seconds())
    pd.testing.assert_frame_equal(sums("acn"), summed(raw.rename(columns={"station_id": "station"})), rtol=1e-9)


def test_1_878_dc_sessions_twice(shared: Path, run: Import, sums: Callable[[str], pd.DataFrame]) -> None:
    path = shared / "data" / "dc_sessions" / "Session_data.xlsx"
    options = (path, "--site", "suisse", "--station", "dc-1", "--zone", "Europe/Zurich")
    assert run(DC, *options) == {"stored": 1_878, "unchanged": 0, "rejected_count": 0}
    assert run(DC, *options) == {"stored": 0, "unchanged": 1_878, "rejected_count": 0}
    raw = pd.read_csv(BytesIO(as_csv(path.read_bytes())))
    found = sums("suisse").loc["dc-1"]
    assert (found["sessions"], found["wh"]) == (1_878, pytest.approx(raw["Energy (Wh)"].sum(), rel=1e-12))

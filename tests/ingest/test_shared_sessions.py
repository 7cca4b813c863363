"""The real sessions of ../shared/data, as docs/import.md reads them: none is rejected, and their traps are known."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.compute as pc
import pytest

from monitor.ingest.files import pieces
from monitor.ingest.session_table import Rows, parse_mapping, read
from monitor.ingest.spreadsheet import as_csv
from monitor.units import from_us

AC = ("site==garage", "connector==1", "session=session_id", "station=station_id", "plug_in=arrival",
      "plug_out=departure", "energy_wh=delivered_energy (kWh)*1000")  # fmt: skip
DC = ("site==suisse", "station==dc-1", "session=Session", "connector=CCS", "plug_in=Arrival", "plug_out=Departure",
      "energy_wh=Energy (Wh)", "max_power_w=Pmax (W)", "soc_in=SOC arrival", "soc_out=SOC departure")  # fmt: skip
NOW_US = 1_800_000_000_000_000


def rows_of(path: Path, mapping: tuple[str, ...]) -> Rows:
    body = b"".join(piece.body for piece in pieces(path, "sessions"))
    body = as_csv(body) if path.suffix == ".xlsx" else body
    return read(body, parse_mapping(mapping), lambda _: ZoneInfo("Europe/Zurich"), NOW_US)


@pytest.mark.parametrize(("garage", "count"), [("caltech", 9802), ("jpl", 17605)], ids=["caltech", "jpl"])
def test_ac_sessions_of_two_garages(shared: Path, garage: str, count: int) -> None:
    found = [rows_of(path, AC) for path in sorted((shared / "data" / "ac_sessions" / garage).glob("*.csv.gz"))]
    assert [rows.rejected for rows in found] == [(), (), (), ()]
    assert sum(rows.table.num_rows for rows in found) == count


def test_dc_sessions_of_a_spreadsheet(shared: Path) -> None:
    rows = rows_of(shared / "data" / "dc_sessions" / "Session_data.xlsx", DC)
    assert rows.rejected == ()
    assert rows.table.num_rows == 1878
    first = rows.table.slice(0, 1).to_pylist()[0]
    # The sheet's 44784.98125 is 11 August 2022, 23:33, by the clock on the wall.
    assert from_us(first["plug_in_us"]).isoformat() == "2022-08-11T21:33:00+00:00"
    assert (first["session"], first["connector"], first["energy_wh"], first["max_power_w"]) == (
        "278",
        "CCS1",
        9632,
        168393,
    )
    assert pc.max(rows.table["soc_out"]).as_py() <= 100

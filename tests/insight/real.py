"""The real sessions of ../shared/data as pandas reads them, without any code of ours but the reader of spreadsheets."""

from io import BytesIO
from pathlib import Path

import pandas as pd

from monitor.ingest.spreadsheet import as_csv

AC_SITE, DC_SITE = "acn", "suisse"
DC_ZONE = "Europe/Zurich"


def ac_frame(shared: Path) -> pd.DataFrame:
    """27,407 sessions; times in UTC, energy in Wh."""
    paths = sorted((shared / "data" / "ac_sessions").glob("*/*.csv.gz"))
    raw = pd.concat([pd.read_csv(path, dtype={"station_id": str}) for path in paths], ignore_index=True)
    return pd.DataFrame({
        "station": raw["station_id"],
        "connector": "1",
        "energy_wh": raw["delivered_energy (kWh)"] * 1000,
        "plug_in": pd.to_datetime(raw["arrival"], utc=True),
        "plug_out": pd.to_datetime(raw["departure"], utc=True),
    })  # fmt: skip


def dc_frame(shared: Path) -> pd.DataFrame:
    """1,878 sessions; of an hour that comes twice the first, unless the car would have left before it came."""
    raw = pd.read_csv(BytesIO(as_csv((shared / "data" / "dc_sessions" / "Session_data.xlsx").read_bytes())))
    came, left = (
        pd.to_datetime(raw[name], unit="D", origin="1899-12-30").dt.round("s")
        .dt.tz_localize(DC_ZONE, ambiguous=True).dt.tz_convert("UTC")
        for name in ("Arrival", "Departure")
    )  # fmt: skip
    return pd.DataFrame({
        "station": "dc-1", "connector": raw["CCS"].astype(str), "energy_wh": raw["Energy (Wh)"],
        "plug_in": came, "plug_out": left, "peak_w": raw["Pmax (W)"], "soc_in": raw["SOC arrival"],
        "soc_out": raw["SOC departure"],
    })  # fmt: skip

"""Made `monitor/demo/sessions/` from the published data; run it again only to choose other sessions.

    python tests/demo/make_sessions.py DATA_FOLDER

DATA_FOLDER holds `dc_sessions`, `ac_sessions` and `vehicle_curves` as SOURCES.md describes them. The choice is by a
fixed seed and looks at nothing but the limits written below, so nobody picked sessions that please a rule.
"""

import gzip
import io
import json
import random
import sys
from pathlib import Path

import pandas as pd

TARGET = Path(__file__).parents[2] / "monitor" / "demo" / "sessions"
DC_SESSIONS, AC_DAY, AC_NIGHT, VEHICLES = 420, 900, 300, 80
LONGEST_STAY = pd.Timedelta(hours=14)


def write(frame: pd.DataFrame, name: str) -> None:
    """As CSV.gz without a time stamp or file name inside, so that the same choice gives the same bytes."""
    target = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=target, mode="wb", mtime=0, compresslevel=9) as packed:
        packed.write(frame.to_csv(index=False).encode())
    (TARGET / name).write_bytes(target.getvalue())


def dc_sessions(source: Path) -> pd.DataFrame:
    """Whole sessions, drawn evenly from all of them, in order of arrival."""
    minutes = pd.read_csv(source / "dc_sessions" / "reconstructed_1min.csv.gz")
    chosen = pd.Series(minutes.session.unique()).sample(DC_SESSIONS, random_state=1)
    return minutes[minutes.session.isin(chosen)].sort_values(["session", "timestamp"])


def ac_sessions(source: Path) -> pd.DataFrame:
    """Day and overnight sessions of both garages, the latter more often than in the source, where they are 3 %."""
    files = sorted((source / "ac_sessions").glob("*/*.csv.gz"))
    found = pd.concat([pd.read_csv(file).assign(garage=file.parent.name) for file in files], ignore_index=True)
    arrival, departure = (pd.to_datetime(found[name].str[:19]) for name in ("arrival", "departure"))
    stay = departure - arrival
    found = found[(stay > pd.Timedelta(minutes=20)) & (stay < LONGEST_STAY) & (found["delivered_energy (kWh)"] > 1)]
    overnight = arrival.dt.date != departure.dt.date
    night, day = found[overnight[found.index]], found[~overnight[found.index]]
    chosen = pd.concat([day.sample(AC_DAY, random_state=1), night.sample(min(AC_NIGHT, len(night)), random_state=1)])
    chosen = chosen.rename(columns={"delivered_energy (kWh)": "delivered_kwh", "session_id": "session"})
    return chosen[["garage", "session", "arrival", "departure", "delivered_kwh"]].sort_values("arrival")


def vehicles(source: Path) -> pd.DataFrame:
    """AC limits of cars that charge on type 2, drawn evenly from all variants."""
    catalogue = json.loads((source / "vehicle_curves" / "kilowatt-ev-data-2025.json").read_text(encoding="utf-8"))[
        "data"
    ]
    known = [
        {"vehicle": f"{car['brand']} {car['model']} {car.get('variant', '')}".strip(),
         "phases": car["ac_charger"]["usable_phases"], "max_kw": car["ac_charger"]["max_power"]}
        for car in catalogue
        if car.get("ac_charger") and car["vehicle_type"] == "car" and 3 <= car["ac_charger"]["max_power"] <= 22
    ]  # fmt: skip
    return pd.DataFrame(random.Random(1).sample(known, VEHICLES)).sort_values(["vehicle", "max_kw"])


if __name__ == "__main__":
    data = Path(sys.argv[1])
    write(dc_sessions(data), "dc_reconstructed.csv.gz")
    write(ac_sessions(data), "ac_sessions.csv.gz")
    write(vehicles(data), "vehicles.csv.gz")

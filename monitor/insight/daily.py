"""What a day's sessions of a connector add up to. Every other figure about sessions is made of these sums.

Sums, not means: those of connectors add up to those of their station and site, those of days to those of a month.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from monitor.insight.local_time import DAY_US, local_us, months_of
from monitor.rules.names import DELIVERED_WH
from monitor.sessions.history import FAULTS

COLUMNS = (
    "site", "station", "connector", "plug_in_us", "started_us", "stopped_us", "plug_out_us", "user", "stop_reason",
    "energy_mwh", "charging_us", "idle_us", "split_known", "peak_w", "first_kwh_us", "soc_in", "soc_out", "state",
    "currency", "excl_vat_micro", "diagnosed", "limited",
)  # fmt: skip
"""A finished session: moments in epoch microseconds (started, stopped: NaN while not known), spans in microseconds.

`diagnosed`: whether it is known why it was slow; `limited`: because the site's power was shared or managed."""

KEYS = ("site", "day", "station", "connector")
MONTH_KEYS = ("site", "month", "station", "connector")
SUMS: Mapping[str, Literal["sum", "max", "min"]] = {
    "sessions": "sum", "judged": "sum", "delivered": "sum", "started": "sum", "tries": "sum", "served": "sum",
    "energy_known": "sum", "energy_mwh": "sum", "plugged_us": "sum",
    "timed": "sum", "timed_plugged_us": "sum", "charging_us": "sum", "idle_us": "sum",
    "speed_mwh": "sum", "speed_us": "sum", "peak_w": "max", "first_kwh": "sum", "first_kwh_us": "sum",
    "soc_known": "sum", "soc_in": "sum", "soc_out": "sum",
    "diagnosed": "sum", "limited": "sum", "short": "sum", "moved": "sum", "stopped_by_fault": "sum",
    "priced": "sum", "excl_vat_micro": "sum", "currency": "min", "currency_2": "max",
}  # fmt: skip
"""Each sum and how it adds up over connectors and days. `figures.FIGURES` says what is made of them."""

AGAIN_US = 10 * 60 * 1_000_000
"""Attempts of one car at one site within this count once; and so soon after it left, it has moved."""
SHORT_US = 2 * 60 * 1_000_000
EARNS = frozenset({"priced", "sealed"})


def local_days(plug_in_us: npt.NDArray[np.int64], zone: ZoneInfo) -> npt.NDArray[np.int64]:
    """The local day of each plug-in."""
    return local_us(plug_in_us, zone) // DAY_US


def daily(sessions: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """`KEYS` and `SUMS` of the finished sessions (COLUMNS) of sites of one zone."""
    if sessions.empty:
        return pd.DataFrame(columns=[*KEYS, *SUMS])
    found, names = _numbered(sessions)
    found = found.sort_values(["site", "plug_in_us", "station", "connector"], ignore_index=True)
    found["day"] = local_days(found["plug_in_us"].to_numpy(np.int64), zone)
    parts = pd.concat([found[list(KEYS)], _told(found), _visits(found)], axis=1)
    return _added(parts, KEYS, {**names, "currency_2": names["currency"]})


def monthly(days: pd.DataFrame) -> pd.DataFrame:
    """MONTH_KEYS and `SUMS` of rows of `daily`."""
    if days.empty:
        return pd.DataFrame(columns=[*MONTH_KEYS, *SUMS])
    found, names = _numbered(days, (*_PLACE, "currency", "currency_2"))
    found["month"] = months_of(found["day"].to_numpy(np.int64))
    return _added(found, MONTH_KEYS, names)


Names = Mapping[str, npt.NDArray[np.object_]]


def _added(rows: pd.DataFrame, keys: Sequence[str], names: Names) -> pd.DataFrame:
    """What rows of one key add up to; what was numbered has its name again."""
    grouped = rows.groupby(list(keys), sort=True)
    ways = {way: [name for name in SUMS if SUMS[name] == way] for way in ("sum", "max", "min")}
    added = pd.concat([getattr(grouped[its], way)() for way, its in ways.items()], axis=1).reset_index()
    for name, its in names.items():
        if name in added:
            added[name] = _named(added[name], its)
    columns: pd.DataFrame = added[[*keys, *SUMS]]
    return columns


_PLACE = ("site", "station", "connector")
_NUMBERED = (*_PLACE, "user", "currency")


def _numbered(rows: pd.DataFrame, columns: Sequence[str] = _NUMBERED) -> tuple[pd.DataFrame, Names]:
    """Texts that are compared and grouped: as numbers in their order that takes a tenth of the time."""
    found, names = rows.copy(), {}
    for name in columns:
        codes, uniques = pd.factorize(rows[name], sort=True)
        found[name] = codes if name in _PLACE else np.where(codes < 0, np.nan, codes)
        names[name] = np.asarray(uniques, object)
    return found, names


def _named(codes: "pd.Series[float]", names: npt.NDArray[np.object_]) -> "pd.Series[Any]":
    known = codes.notna().to_numpy()
    found = np.full(len(codes), None, object)
    found[known] = names[codes.to_numpy()[known].astype(np.int64)]
    return pd.Series(found, codes.index, dtype=object)


def _told(found: pd.DataFrame) -> pd.DataFrame:
    """What each session says by itself."""
    energy, started = found["energy_mwh"], found["started_us"]
    plugged = found["plug_out_us"] - found["plug_in_us"]
    split, charging = found["split_known"].astype(bool), found["charging_us"]
    speed = split & energy.notna() & (charging > 0)
    earns = found["state"].isin(EARNS) & found["excl_vat_micro"].notna()
    soc = found["soc_in"].notna() & found["soc_out"].notna()
    first = found["first_kwh_us"].notna()
    currency = found["currency"].where(earns)
    return pd.DataFrame({
        "sessions": 1,
        # Of a session that began and whose energy nobody knows, it cannot be said whether it delivered.
        "judged": (energy.notna() | started.isna()).astype(int),
        "delivered": (energy >= DELIVERED_WH * 1000).astype(int),
        "started": started.notna().astype(int),
        "energy_known": energy.notna().astype(int),
        "energy_mwh": energy.fillna(0),
        "plugged_us": plugged,
        "timed": split.astype(int),
        "timed_plugged_us": plugged.where(split, 0),
        "charging_us": charging.where(split, 0),
        "idle_us": found["idle_us"].where(split, 0),
        "speed_mwh": energy.where(speed, 0),
        "speed_us": charging.where(speed, 0),
        "peak_w": found["peak_w"],
        "first_kwh": first.astype(int),
        "first_kwh_us": found["first_kwh_us"].fillna(0),
        "soc_known": soc.astype(int),
        "soc_in": found["soc_in"].where(soc, 0),
        "soc_out": found["soc_out"].where(soc, 0),
        "diagnosed": found["diagnosed"].astype(int),
        "limited": found["limited"].astype(int),
        "short": ((found["stopped_us"] - started) < SHORT_US).astype(int),
        "stopped_by_fault": found["stop_reason"].isin(FAULTS).astype(int),
        "priced": earns.astype(int),
        "excl_vat_micro": found["excl_vat_micro"].where(earns, 0),
        "currency": currency,
        "currency_2": currency,
    })  # fmt: skip


def _visits(found: pd.DataFrame) -> pd.DataFrame:
    """Attempts of one car at one site in short succession are one visit, told of at its first attempt.

    A session of an unknown user is a visit of its own. `found` is in the order of site and plug-in.
    """
    known = found[found["user"].notna()].sort_values(["site", "user", "plug_in_us"], kind="stable")
    same = (known["site"] == known["site"].shift()) & (known["user"] == known["user"].shift())
    soon = known["plug_in_us"] - known["plug_out_us"].shift() <= AGAIN_US
    again = same & soon
    elsewhere = (known["station"] != known["station"].shift()) | (known["connector"] != known["connector"].shift())
    visit = (~again).cumsum()
    energy, started = known["energy_mwh"], known["started_us"]
    judged = (energy.notna() | started.isna()).groupby(visit).transform("any")
    served = (energy >= DELIVERED_WH * 1000).groupby(visit).transform("any")
    alone = found["energy_mwh"].notna() | found["started_us"].isna()
    told = pd.DataFrame({
        "tries": alone.astype(int),
        "served": (found["energy_mwh"] >= DELIVERED_WH * 1000).astype(int),
        "moved": 0,
    })  # fmt: skip
    told.loc[known.index, "tries"] = (judged & ~again).astype(int)
    told.loc[known.index, "served"] = (served & ~again).astype(int)
    # A move is told of where the car was before.
    told.loc[known.index, "moved"] = (again & elsewhere).shift(-1, fill_value=False).astype(int)
    return told

"""Finished sessions as columns, for figures: nothing of them is a value of its own."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    String,
    cast,
    func,
    not_,
    or_,
    select,
    type_coerce,
    union,
)

from monitor.state.insight_tables import insight_ports
from monitor.state.session_tables import sessions

_US = {
    name: type_coerce(sessions.c[name], BigInteger).label(name)
    for name in ("plug_in_us", "started_us", "stopped_us", "plug_out_us")
}
plug_in_us, plug_out_us = (
    type_coerce(sessions.c.plug_in_us, BigInteger),
    type_coerce(sessions.c.plug_out_us, BigInteger),
)
LIMITED = ("shared", "load_managed")
"""Diagnoses of a car that would have taken more than the site had for it."""
_diagnosis = func.coalesce(cast(sessions.c.diagnosis, String), "")
_SELECTED: tuple[ColumnElement[Any], ...] = (
    sessions.c.id, sessions.c.site, sessions.c.station, sessions.c.connector, *_US.values(),
    sessions.c.user_token.label("user"), sessions.c.stop_reason, sessions.c.energy_mwh, sessions.c.charging_us,
    sessions.c.idle_us, not_(cast(sessions.c.details, String).contains('"charging_time"')).label("split_known"),
    sessions.c.peak_power_w.label("peak_w"), sessions.c.first_kwh_us, sessions.c.soc_in, sessions.c.soc_out,
    sessions.c.state, sessions.c.currency, sessions.c.excl_vat_micro,
    sessions.c.diagnosis.is_not(None).label("diagnosed"),
    or_(*(_diagnosis.contains(f'"code": "{code}"') for code in LIMITED)).label("limited"),
)  # fmt: skip
_TYPES: dict[str, str] = {
    **dict.fromkeys(("plug_in_us", "plug_out_us", "charging_us", "idle_us"), "int64"),
    **dict.fromkeys(
        ("started_us", "stopped_us", "energy_mwh", "peak_w", "first_kwh_us", "soc_in", "soc_out", "excl_vat_micro"),
        "float64",
    ),
    **dict.fromkeys(("split_known", "diagnosed", "limited"), "bool"),
}  # fmt: skip


def finished(connection: Connection, *chosen: ColumnElement[bool]) -> pd.DataFrame:
    """`id` and `monitor.insight.daily.COLUMNS` of chosen sessions of which the car has left; texts are categories."""
    return finished_each(connection, [chosen])[0]


def finished_each(connection: Connection, choices: Sequence[Sequence[ColumnElement[bool]]]) -> list[pd.DataFrame]:
    """The same of several choices; their categories are alike."""
    every = select(*_SELECTED).where(sessions.c.plug_out_us.is_not(None))
    # Straight from the driver: no value here needs a type of ours, and a row of SQLAlchemy costs half of the reading.
    parts = [
        np.array(connection.execute(every.where(*chosen)).cursor.fetchall(), dtype=object).reshape(-1, len(_SELECTED))
        for chosen in choices
    ]
    rows = np.concatenate(parts)
    names = [str(column.key) for column in _SELECTED]
    whole = pd.DataFrame({name: _column(name, rows[:, at]) for at, name in enumerate(names)})
    ends = accumulate(map(len, parts))
    return [whole.iloc[end - len(part) : end] for part, end in zip(parts, ends, strict=True)]


def _column(name: str, values: npt.NDArray[np.object_]) -> Any:
    if (kind := _TYPES.get(name)) is not None:
        # By way of fractions, in which all whole numbers below 2^53 are exact: None becomes NaN.
        return values.astype(float).astype(kind)
    return values if name == "id" else pd.Categorical(values)


def seen_at(connection: Connection, sites: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Stations and connectors that have sessions, or of which a status is known, by site."""
    found: dict[str, list[tuple[str, str]]] = {}
    places = [
        select(*(table.c[name] for name in ("site", "station", "connector"))).where(table.c.site.in_(sites))
        for table in (sessions, insight_ports)
    ]
    for site, station, connector in connection.execute(union(*places)):
        found.setdefault(site, []).append((station, connector))
    return found

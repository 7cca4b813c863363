"""SQL of the base names of stations and sites, counted in EVSEs: an EVSE is taken if any of its connectors is."""

import re

from monitor.rules.demand import DEMAND, demanded_sql
from monitor.rules.names import POOLS

_EVSE = """
    SELECT slot_us, evse_no, {one}(station_no) AS station_no, {one}(site_no) AS site_no, {pools},
        CASE
            WHEN {some}(taken) THEN 'taken'
            WHEN {every}(online IS false) THEN 'offline'
            WHEN {some}(status = 'Available') THEN 'free'
            WHEN {some}(status IS NULL) THEN 'unknown'
            WHEN {some}(status = 'Faulted') THEN 'faulted'
            ELSE 'unavailable'
        END AS evse_state, {held} AS held_since_us
    FROM frame"""
_POOLS = ", ".join(f"coalesce({{some}}(current = '{pool}'), false) AS in_{pool.lower()}" for pool in POOLS)
_HELD = "CASE WHEN bool_or(taken) THEN min(held_since_us) FILTER (taken) ELSE max(held_since_us) END"
_ALONE = _EVSE.replace("{pools}", _POOLS).format(one="", some="", every="", held="held_since_us")
_SHARED = _EVSE.replace("{pools}", _POOLS).format(one="any_value", some="bool_or", every="bool_and", held=_HELD)

# Most EVSEs have one connector, and hashing a million rows into as many groups costs more than all the rest.
EVSES = f"""evses AS ({_ALONE} WHERE NOT evse_shared
    UNION ALL {_SHARED} WHERE evse_shared GROUP BY slot_us, evse_no
)"""

_COUNTS = {"in_use": "taken", "available": "free", "faulted": "faulted", "offline": "offline"}


def _pool_columns(pool: str) -> list[str]:
    """The names of one pool. An EVSE of unknown state could be any: it makes counts missing, unless one free EVSE
    already proves that the pool is not full.
    """
    here = f"in_{pool}"
    unknown = f"count(*) FILTER ({here} AND evse_state = 'unknown') > 0"
    counts = [
        f"CASE WHEN {unknown} THEN NULL ELSE CAST(count(*) FILTER ({here} AND evse_state = '{state}') AS DOUBLE) END"
        f" AS {name}_{pool}"
        for name, state in _COUNTS.items()
    ]
    full = f"""CASE
        WHEN count(*) FILTER ({here} AND evse_state = 'free') > 0 THEN 0
        WHEN {unknown} THEN NULL
        WHEN count(*) FILTER ({here} AND evse_state = 'taken') = 0 THEN 0
        ELSE (slot_us - max(held_since_us) FILTER ({here})) / 1e6
    END AS full_for_{pool}"""
    return [f"CAST(count(*) FILTER ({here}) AS DOUBLE) AS connectors_{pool}", *counts, full]


_COLUMNS = ",\n    ".join(column for pool in POOLS for column in _pool_columns(pool.lower()))

# A connector without a session and without readings gives no power; with a session, what it gives is not known.
_POWER = """CASE WHEN count(*) FILTER (power_w IS NULL AND has_session) > 0 THEN NULL
        ELSE CAST(coalesce(sum(CAST(round(power_w * 1000) AS BIGINT)), 0) AS DOUBLE) / 1000 END AS power_w"""


_COUNTED = re.compile(rf"\b({'|'.join([*_COUNTS, 'connectors', 'full_for'])})_({'|'.join(POOLS).lower()})\b")
_DEMANDED = re.compile(rf"\b(arrivals_1h|wait_estimate)_({'|'.join(POOLS).lower()})\b")


def base_sql(number: str, select: str) -> str:
    """The table `base` of stations or sites (`number`: its column) with what a SELECT from it names."""
    station = number == "station_no"
    own = ", s.station, s.online, s.silent_for" if station else ""
    counted, demanded = _COUNTED.search(select), _DEMANDED.search(select)
    tables = [EVSES] if counted or demanded else []
    joined = []
    if counted:
        joined.append("counted")
        tables.append(f"counted AS (SELECT slot_us, {number}, {_COLUMNS} FROM evses GROUP BY slot_us, {number})")
    if "power_w" in select:
        joined.append("powered")
        tables.append(f"powered AS (SELECT slot_us, {number}, {_POWER} FROM frame GROUP BY slot_us, {number})")
    if demanded:
        joined.append("demanded")
        tables += [DEMAND.strip(), demanded_sql(number)]
    values = "".join(f", {name}.* EXCLUDE (slot_us, {number})" for name in joined)
    joins = "\n".join(
        f"LEFT JOIN {name} ON {name}.slot_us = s.slot_us AND {name}.{number} = s.{number}" for name in joined
    )
    frame = "station_frame" if station else "site_frame"
    tables.append(f"base AS (SELECT s.slot_us, s.{number}, s.site{own}{values}\nFROM {frame} s\n{joins})")
    return ",\n".join(tables)

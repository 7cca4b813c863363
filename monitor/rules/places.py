"""SQL of the base names of stations and sites, counted in EVSEs: an EVSE is taken if any of its connectors is."""

from monitor.rules.demand import DEMAND, demanded_sql
from monitor.rules.names import POOLS

EVSES = """
evses AS (
    SELECT slot_us, site, station, evse, {pools},
        CASE
            WHEN bool_or(taken) THEN 'taken'
            WHEN bool_and(online IS false) THEN 'offline'
            WHEN bool_or(status = 'Available') THEN 'free'
            WHEN bool_or(status IS NULL) THEN 'unknown'
            WHEN bool_or(status = 'Faulted') THEN 'faulted'
            ELSE 'unavailable'
        END AS evse_state,
        CASE WHEN bool_or(taken) THEN min(held_since_us) FILTER (taken) ELSE max(held_since_us) END AS held_since_us
    FROM frame GROUP BY slot_us, site, station, evse
)""".format(pools=", ".join(f"coalesce(bool_or(current = '{pool}'), false) AS in_{pool.lower()}" for pool in POOLS))

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
_POWER = """CASE WHEN count(*) FILTER (power_w IS NULL AND session IS NOT NULL) > 0 THEN NULL
        ELSE CAST(coalesce(sum(CAST(round(power_w * 1000) AS BIGINT)), 0) AS DOUBLE) / 1000 END AS power_w"""


def base_sql(place: tuple[str, ...], *, demand: bool) -> str:
    """The table `base` of stations or sites (`place`: its columns). `demand`: with what needs the last hour."""
    columns = ", ".join(place)
    same = " AND ".join(f"{{0}}.{name} = s.{name}" for name in ("slot_us", *place))
    station = len(place) > 1
    own = ", s.online, s.silent_for" if station else ""
    tables = [EVSES.strip(), *([DEMAND.strip()] if demand else []), *([PLACES.strip()] if not station else [])]
    joined = ("counted", "powered", *(("demanded",) if demand else ()))
    tables += [
        f"counted AS (SELECT slot_us, {columns}, {_COLUMNS} FROM evses GROUP BY slot_us, {columns})",
        f"powered AS (SELECT slot_us, {columns}, {_POWER} FROM frame GROUP BY slot_us, {columns})",
    ]
    if demand:
        tables.append(demanded_sql(columns))
    values = ", ".join(f"{name}.* EXCLUDE (slot_us, {columns})" for name in joined)
    joins = "\n".join(f"LEFT JOIN {name} ON {same.format(name)}" for name in joined)
    chosen = ", ".join(f"s.{name}" for name in place)
    frame = "station_frame" if station else "site_frame"
    tables.append(f"base AS (SELECT s.slot_us, {chosen}{own}, {values}\nFROM {frame} s\n{joins})")
    return ",\n".join(tables)


PLACES = "site_frame AS (SELECT DISTINCT slot_us, site FROM frame)"

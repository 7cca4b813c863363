"""SQL of how many cars come and how long the next one would wait: `arrivals_1h` and `wait_estimate`.

A connector's arrivals of the last hour are its changes from free to a status of a car that is there, or its starts of
transactions where there are more. How many EVSEs of a pool were taken on average in that hour is the load; from load
and arrivals follow the usual stay (Little) and the mean wait (Erlang C), if cars go on coming at random like that.
"""

from monitor.rules.names import LONGEST_WAIT_S, POOLS, TAKEN_STATUSES
from monitor.rules.statuses import HELD_US

HOUR_US = 3_600_000_000
_THERE = ", ".join(f"'{status}'" for status in TAKEN_STATUSES if status != "Reserved")
_TAKEN = ", ".join(f"'{status}'" for status in TAKEN_STATUSES)
_IN_HOUR = f"v.time_us > slot_us - {HOUR_US}"

DEMAND = f"""
status_spells AS (
    SELECT connector_key, time_us, status, lag(status) OVER spell AS before, lead(time_us) OVER spell AS until_us,
        coalesce(until_us, $last + 1) AS end_us
    FROM status WHERE status IS NOT NULL AND time_us > $first - {HELD_US} AND time_us <= $last
    WINDOW spell AS (PARTITION BY connector_key ORDER BY time_us)
), spells AS (
    SELECT slot_us, connector_key,
        count(*) FILTER ({_IN_HOUR} AND v.status IN ({_THERE}) AND v.before IN ('Available', 'Reserved')) AS turns,
        sum(least(coalesce(v.until_us, slot_us), slot_us) - greatest(v.time_us, slot_us - {HOUR_US}))
            FILTER (v.status IN ({_TAKEN}) AND coalesce(v.until_us, slot_us) > slot_us - {HOUR_US}) AS taken_us
    -- The last one goes on at the slot, so a connector with any row has one here.
    FROM slots JOIN status_spells v ON v.time_us <= slot_us AND v.end_us > slot_us - {HOUR_US}
    GROUP BY slot_us, connector_key
), begun AS (
    SELECT slot_us, connector_key, count(DISTINCT v.session) AS starts
    FROM slots JOIN "transaction" v ON v.time_us <= slot_us AND {_IN_HOUR} AND v.event = 'start'
    WHERE v.time_us > $first - {HOUR_US} AND v.time_us <= $last GROUP BY slot_us, connector_key
), demands AS (  -- one row an EVSE, as in `evses`
    SELECT f.slot_us, f.evse_no,
        sum(greatest(coalesce(s.turns, 0), coalesce(b.starts, 0))) AS arrivals,
        -- No row in the last hours: it has been all the time what it is now.
        least(sum(coalesce(s.taken_us, CASE WHEN s.slot_us IS NULL AND f.taken THEN {HOUR_US} ELSE 0 END)), {HOUR_US})
            / {HOUR_US}e0 AS load
    FROM frame f
    LEFT JOIN spells s ON s.slot_us = f.slot_us AND s.connector_key = f.connector_key
    LEFT JOIN begun b ON b.slot_us = f.slot_us AND b.connector_key = f.connector_key
    GROUP BY f.slot_us, f.evse_no
)"""


def demanded_sql(number: str) -> str:
    """The table `demanded`: both names of every pool, per slot and place (`number`: its column)."""
    sums, values = [], []
    for pool in (each.lower() for each in POOLS):
        here = f"in_{pool}"
        sums += [
            f"count(*) FILTER ({here} AND evse_state = 'unknown') > 0 AS unknown_{pool}",
            f"CAST(coalesce(sum(arrivals) FILTER ({here}), 0) AS DOUBLE) AS cars_{pool}",
            f"coalesce(sum(load) FILTER ({here} AND evse_state IN ('taken', 'free')), 0) AS load_{pool}",
            f"count(*) FILTER ({here} AND evse_state IN ('taken', 'free')) AS working_{pool}",
        ]
        wait = wait_sql(f"working_{pool}", f"load_{pool}", f"cars_{pool}")
        values += [
            f"CASE WHEN unknown_{pool} THEN NULL ELSE cars_{pool} END AS arrivals_1h_{pool}",
            f"CASE WHEN unknown_{pool} THEN NULL ELSE {wait} END AS wait_estimate_{pool}",
        ]
    return f"""demanded AS (
    SELECT slot_us, {number}, {", ".join(values)} FROM (
        SELECT slot_us, {number}, {", ".join(sums)}
        FROM evses e JOIN demands d USING (slot_us, evse_no) GROUP BY slot_us, {number}
    )
)"""


def wait_sql(servers: str, load: str, cars: str) -> str:
    """Seconds that a car waits on average for one of `servers` EVSEs under `load` (EVSEs taken) and `cars` an hour.

    Erlang C, with the Poisson weights as logarithms so that large pools do not overflow; at most `LONGEST_WAIT_S`,
    which is also said of a pool that was taken all the time. Missing without a working EVSE.
    """
    weight = "exp({k} * ln({load}) - {load} - lgamma({k} + 1))"
    last = weight.format(k=servers, load=load) + f" * {servers} / ({servers} - {load})"
    others = f"list_sum(list_transform(range({servers}), lambda k: {weight.format(k='k', load=load)}))"
    stay = f"(3600e0 * {load} / greatest({cars}, 1))"
    wait = f"({last}) / ({others} + {last}) * {stay} / ({servers} - {load})"
    most = f"{LONGEST_WAIT_S}e0"
    return f"""CASE WHEN {servers} = 0 THEN NULL WHEN {load} <= 0 THEN 0e0 WHEN {load} >= {servers} THEN {most}
        ELSE least({wait}, {most}) END"""

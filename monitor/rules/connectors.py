"""SQL of the connector frame: the base names of every connector at every slot."""

from monitor.readings.schema import METER
from monitor.rules.expected import expected_sql
from monitor.rules.names import DELIVERED_WH, find

READINGS_US = 30 * 60_000_000
"""How far back readings are looked for at a slot before the newest row; at the newest slot the store knows the last."""

HELD_US = 6 * 3600 * 1_000_000
"""How far back it is looked for since when a connector has not been free."""

TAKEN = ("Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Reserved")
"""Statuses in which nobody else can charge there, though it works."""

_NUMBERS = [field for field in METER.fields if field.kind == "number"]
_TAKEN_SQL = ", ".join(f"'{status}'" for status in TAKEN)

DERIVED = """
-- Power of chargers that send only their register: its difference over at least a minute. Whole milliwatts.
WITH candidates AS (  -- the others' last power is of that time
    SELECT connector_key FROM latest_meter
    WHERE energy_mwh IS NOT NULL AND NOT coalesce(power_mw_us > $first - {back} AND power_mw_us <= $last, false)
), recent AS (
    SELECT connector_key, time_us, energy_mwh, power_mw FROM meter SEMI JOIN candidates USING (connector_key)
    WHERE time_us > $first - {back} AND time_us <= $last
), silent AS (
    SELECT connector_key FROM recent GROUP BY ALL HAVING count(power_mw) = 0 AND count(energy_mwh) > 1
), registers AS (
    SELECT connector_key, time_us, energy_mwh FROM recent SEMI JOIN silent USING (connector_key)
    WHERE energy_mwh IS NOT NULL
)
SELECT now.connector_key, now.time_us, earlier.time_us AS from_us,
    CAST((now.energy_mwh - earlier.energy_mwh)::HUGEINT * 3600000000 // (now.time_us - earlier.time_us) AS BIGINT)
        AS power_mw
FROM (SELECT *, time_us - 60000000 AS minute_ago_us FROM registers) now
ASOF JOIN registers earlier
    ON earlier.connector_key = now.connector_key AND earlier.time_us <= now.minute_ago_us
WHERE now.energy_mwh >= earlier.energy_mwh
"""


def derived_sql(back_us: int) -> str:
    """Power from registers for connectors without power readings, looking `back_us` before the first slot."""
    return DERIVED.format(back=back_us)


def _last_readings() -> str:
    """Last value and its time of each column per (slot, connector): the store's, or found anew for an earlier slot."""
    newest = ", ".join(f"l.{f.column}, l.{f.column}_us" for f in _NUMBERS)
    times = ", ".join(f"l.{f.column}_us" for f in _NUMBERS)
    found = ", ".join(
        f"arg_max(m.{c}, m.time_us) AS {c}, max(m.time_us) FILTER (m.{c} IS NOT NULL) AS {c}_us"
        for c in (f.column for f in _NUMBERS)
    )
    either = ", ".join(
        f"CASE WHEN n.reading_us > n.slot_us THEN b.{c} ELSE n.{c} END AS {c}"
        for f in _NUMBERS
        for c in (f.column, f"{f.column}_us")
    )
    return f"""
newest AS (
    SELECT slot_us, connector_key, {newest}, greatest({times}) AS reading_us FROM slots CROSS JOIN latest_meter l
), earlier AS (
    SELECT n.slot_us, n.connector_key, {found}
    FROM newest n JOIN meter m ON m.connector_key = n.connector_key
        AND m.time_us <= n.slot_us AND m.time_us > n.slot_us - {READINGS_US}
    WHERE n.reading_us > n.slot_us AND m.time_us > $first - {READINGS_US} AND m.time_us <= $last GROUP BY ALL
), readings AS (
    SELECT n.slot_us, n.connector_key, {either}
    FROM newest n LEFT JOIN earlier b ON b.slot_us = n.slot_us AND b.connector_key = n.connector_key
)"""


_STATUSES = """
newest_status AS (
    SELECT slot_us, l.* FROM slots CROSS JOIN latest_status l
), status_runs AS (  -- at a slot before the newest row: since when the status of then had its value
    SELECT n.slot_us, n.connector_key, s.time_us, s.status, s.error_code, s.vendor_code,
        s.status IS DISTINCT FROM lag(s.status) OVER run AS turns
    FROM newest_status n JOIN status s ON s.connector_key = n.connector_key AND s.time_us <= n.slot_us
    WHERE n.time_us > n.slot_us AND s.status IS NOT NULL
    WINDOW run AS (PARTITION BY n.slot_us, n.connector_key ORDER BY s.time_us)
), earlier_status AS (
    SELECT slot_us, connector_key, max(time_us) AS time_us, max(time_us) FILTER (turns) AS since_us,
        arg_max(status, time_us) AS status, arg_max_null(error_code, time_us) AS error_code,
        arg_max_null(vendor_code, time_us) AS vendor_code
    FROM status_runs GROUP BY ALL
), statuses AS (
    SELECT slot_us, connector_key, time_us, since_us, status, error_code, vendor_code FROM newest_status
    WHERE time_us <= slot_us
    UNION ALL BY NAME SELECT * FROM earlier_status
)"""

_CONFIRMED = """
confirming AS (  -- what ends the doubt about a status from before an offline gap
    SELECT slot_us, connector_key, max(t.time_us) AS transaction_us
    FROM slots JOIN "transaction" t ON t.time_us <= slot_us
    WHERE t.time_us <= $last AND t.time_us > $first - {held} GROUP BY ALL
), whole_station AS (  -- connector 0: its Unavailable and Faulted hold for all connectors until its next row
    SELECT s.slot_us, c.station_key, s.* EXCLUDE (slot_us, connector_key)
    FROM statuses s JOIN connectors c USING (connector_key)
    WHERE c.connector = '0' AND s.status IN ('Unavailable', 'Faulted')
), freed AS (  -- the last time that a connector said it was free
    SELECT slot_us, connector_key, max(s.time_us) AS free_us
    FROM slots JOIN status s ON s.time_us <= slot_us AND s.time_us > slot_us - {held}
    WHERE s.status = 'Available' AND s.time_us <= $last AND s.time_us > $first - {held} GROUP BY ALL
), held AS (  -- and the first row after it
    SELECT slot_us, s.connector_key, min(s.time_us) AS held_us
    FROM slots JOIN status s ON s.time_us <= slot_us AND s.time_us > slot_us - {held}
    LEFT JOIN freed f USING (slot_us, connector_key)
    WHERE s.status IS NOT NULL AND s.time_us > coalesce(f.free_us, 0)
        AND s.time_us <= $last AND s.time_us > $first - {held} GROUP BY ALL
), under_way AS (
    SELECT slot_us, s.site, s.station, s.connector, session, started_us, peak_w, flags,
        s.energy_wh AS session_energy_wh, s.soc_in,
        CASE WHEN idle_since_us <= slot_us THEN idle_since_us END AS idle_since_us
    FROM slots JOIN sessions s ON coalesce(started_us, 0) <= slot_us AND coalesce(known_at_us, slot_us) = slot_us
    WINDOW newest_first AS (
        PARTITION BY slot_us, s.site, s.station, s.connector ORDER BY started_us DESC NULLS LAST
    )
    QUALIFY row_number() OVER newest_first = 1
), places AS (
    SELECT c.connector_key, site, station, connector, r.* EXCLUDE (site, station, connector),
        r.site IS NOT NULL AS registered
    FROM (SELECT * FROM connectors WHERE connector <> '0') c
    FULL JOIN register r USING (site, station, connector)
    ANTI JOIN retired USING (site, station, connector)
), joined AS (
    SELECT st.slot_us, p.connector_key, p.site, p.station, p.connector, p.registered, st.station_key,
        coalesce(p.evse, p.connector) AS evse, p.current, p.rated_w, p.rated_phases, p.group_max_w, p.station_max_w,
        p.load_managed, coalesce(p.power_group, p.site || '//' || p.station) AS power_group,
        st.online, st.seen_us, st.silent_for, st.doubt_us, st.doubt_from_us, h.held_us, t.transaction_us,
        coalesce(w.status, s.status) AS reported,
        CASE WHEN w.status IS NOT NULL THEN w.since_us ELSE s.since_us END AS reported_since_us,
        CASE WHEN w.status IS NOT NULL THEN w.error_code ELSE s.error_code END AS error_code,
        CASE WHEN w.status IS NOT NULL THEN w.vendor_code ELSE s.vendor_code END AS vendor_code,
        st.online IS NOT false
            AND (st.doubt_us IS NULL OR greatest(s.time_us, w.time_us, t.transaction_us) >= st.doubt_us) AS confirmed,
        u.session, u.started_us, u.peak_w AS session_peak_w, u.session_energy_wh, u.soc_in, u.idle_since_us,
        u.flags AS session_flags, hi.* EXCLUDE (site, station, connector, known_from_us, known_until_us)
    FROM places p
    -- Every place has one. LEFT: DuckDB takes an inner join by texts for a small one, and then hashes the wide rows.
    LEFT JOIN station_frame st ON st.site = p.site AND st.station = p.station
    LEFT JOIN statuses s ON s.slot_us = st.slot_us AND s.connector_key = p.connector_key
    LEFT JOIN whole_station w ON w.slot_us = st.slot_us AND w.station_key = st.station_key
    LEFT JOIN confirming t ON t.slot_us = st.slot_us AND t.connector_key = p.connector_key
    LEFT JOIN held h ON h.slot_us = st.slot_us AND h.connector_key = p.connector_key
    LEFT JOIN under_way u ON u.slot_us = st.slot_us AND u.site = p.site AND u.station = p.station
        AND u.connector = p.connector
    LEFT JOIN history hi ON hi.site = p.site AND hi.station = p.station AND hi.connector = p.connector
        AND st.slot_us >= coalesce(hi.known_from_us, st.slot_us)
        AND st.slot_us < coalesce(hi.known_until_us, st.slot_us + 1)
), clipped AS (
    SELECT *, CASE WHEN confirmed THEN reported END AS status,
        -- Readings from before this are another car's.
        CASE
            WHEN session IS NOT NULL THEN coalesce(started_us, reported_since_us, 0)
            WHEN reported = 'Available' THEN reported_since_us
            ELSE coalesce(transaction_us, 0)
        END AS clip_us
    FROM joined
)"""


def _clipped_names() -> str:
    """Each meter name in its base unit, when it was read since `clip_us`. Derived power stands in for power."""
    parts = []
    for field in _NUMBERS:
        name = find(field.name, "connector")
        if name is None or field.name == "power_w":
            continue
        parts.append(
            f"CASE WHEN r.{field.column}_us >= c.clip_us THEN r.{field.column} / {field.scale}e0 END AS {name.column}"
        )
    return ", ".join(parts)


def connectors_sql() -> str:
    """One row per (slot, connector) with every base name, and the columns that windows and the picture need."""
    times = ", ".join(f"CASE WHEN r.{f.column}_us >= c.clip_us THEN r.{f.column}_us END" for f in _NUMBERS)
    return f"""
WITH {_last_readings()}, {_STATUSES}, {_CONFIRMED.format(held=HELD_US)}, derived_last AS (
    SELECT slot_us, c.connector_key, arg_max(d.power_mw, d.time_us) AS power_mw
    FROM clipped c JOIN derived d ON d.connector_key = c.connector_key AND d.time_us <= c.slot_us
        AND d.from_us >= c.clip_us GROUP BY ALL
), named AS (
    SELECT c.*, {_clipped_names()},
        coalesce(CASE WHEN r.power_mw_us >= c.clip_us THEN r.power_mw END, d.power_mw) / 1000e0 AS power_w,
        greatest({times}) AS reading_us
    FROM clipped c
    LEFT JOIN readings r ON r.slot_us = c.slot_us AND r.connector_key = c.connector_key
    LEFT JOIN derived_last d ON d.slot_us = c.slot_us AND d.connector_key = c.connector_key
), charging AS (
    SELECT slot_us, power_group, station_key FROM clipped WHERE status = 'Charging'
), siblings AS (
    SELECT n.*, coalesce(n.status = 'Charging', false) AS charges,
        coalesce(g.charging, 0) - charges::INTEGER AS siblings,
        coalesce(s.charging, 0) - charges::INTEGER AS station_siblings
    FROM named n
    LEFT JOIN (SELECT slot_us, power_group, count(*) AS charging FROM charging GROUP BY ALL) g
        ON g.slot_us = n.slot_us AND g.power_group = n.power_group
    LEFT JOIN (SELECT slot_us, station_key, count(*) AS charging FROM charging GROUP BY ALL) s
        ON s.slot_us = n.slot_us AND s.station_key = n.station_key
)
SELECT * REPLACE (
        rated_w::DOUBLE AS rated_w, rated_phases::DOUBLE AS rated_phases, users_10::DOUBLE AS users_10
    ),
    CASE
        WHEN session_energy_wh >= {DELIVERED_WH} OR delivered_us > slot_us THEN 0e0
        ELSE (slot_us - delivered_us) / 1e6
    END AS since_delivered,
    usual_gap_us / 1e6 AS usual_gap,
    (slot_us - reading_us) / 1e6 AS reading_age,
    CASE WHEN status IS NOT NULL THEN (slot_us - reported_since_us) / 1e6 END AS status_for,
    (slot_us - started_us) / 1e6 AS session_age,
    CASE WHEN session IS NOT NULL THEN coalesce((slot_us - idle_since_us) / 1e6, 0) END AS idle_for,
    coalesce(online IS NOT false AND (status IN ({_TAKEN_SQL}) OR (status IS NULL AND session IS NOT NULL)), false)
        AS taken,
    -- Since when it has not been free, as far as it is known.
    CASE
        WHEN online IS false THEN seen_us
        ELSE coalesce(least(held_us, started_us), least(reported_since_us, started_us))
    END AS held_since_us
FROM ({expected_sql("siblings")})
"""

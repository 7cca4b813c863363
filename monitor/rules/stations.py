"""SQL of the station frame: who was heard from when, who is online, and where the last offline gap ended."""

MINUTE_US = 60_000_000
GAPS_US = 120 * MINUTE_US
"""How far back an offline gap is looked for. A status older than that and a gap older than that are not connected."""

HALVES_US = GAPS_US // 120
"""So many halves of `offline_after` as there are in this and no more can be told apart in the bits of one number."""

DEFAULT_OFFLINE_US = 15 * MINUTE_US
"""`offline_after` of a station that sends no heartbeats and of which the register says nothing."""

FLEET, FLEET_US = 3, 24 * 60 * MINUTE_US
"""So many stations, heard from within this time, have to fall silent together to be the source's silence."""


def _heard(asked: str) -> str:
    """`heard_<asked>`: rows of any kind from the stations of the relation `asked`."""
    recent = f"time_us > $first - {GAPS_US} AND time_us <= $last"
    rows = " UNION ALL ".join(
        f"SELECT connector_key, time_us FROM {table} WHERE {recent}" for table in ("meter", "status", '"transaction"')
    )
    return f"""heard_{asked} AS (
    SELECT station_key, time_us, event, interval_ms FROM link SEMI JOIN {asked} USING (station_key) WHERE {recent}
    UNION ALL BY NAME
    SELECT c.station_key, r.time_us FROM ({rows}) r
    JOIN (SELECT * FROM connectors SEMI JOIN {asked} USING (station_key)) c USING (connector_key)
)"""


STATIONS = f"""
WITH registered AS (
    SELECT site, station, max(offline_after_s) AS offline_after_s FROM register GROUP BY ALL
), places AS (
    SELECT s.station_key, site, station, r.offline_after_s
    FROM stations s FULL JOIN registered r USING (site, station)
    ANTI JOIN retired_stations USING (site, station)
), newest AS (
    SELECT slot_us, p.*, l.seen_us, l.heartbeat_us, l.interval_ms, l.disconnected_us
    FROM slots CROSS JOIN places p LEFT JOIN latest_link l USING (station_key)
), later AS (  -- of these what was known at the slot has to be found: the slots of a backtest
    SELECT slot_us, station_key FROM newest WHERE seen_us > slot_us
), {_heard("later")}, before AS (
    SELECT n.slot_us, n.station_key, max(h.time_us) AS seen_us,
        max(h.time_us) FILTER (h.event = 'heartbeat') AS heartbeat_us,
        arg_max(h.interval_ms, h.time_us) AS interval_ms,
        max(h.time_us) FILTER (h.event = 'disconnected') AS disconnected_us
    FROM later n JOIN heard_later h
        ON h.station_key = n.station_key AND h.time_us <= n.slot_us AND h.time_us > n.slot_us - {GAPS_US}
    GROUP BY ALL
), known AS (
    SELECT n.slot_us, n.station_key, n.site, n.station, n.offline_after_s,
        coalesce(CASE WHEN n.seen_us <= n.slot_us THEN n.seen_us END, b.seen_us) AS seen_us,
        coalesce(CASE WHEN n.heartbeat_us <= n.slot_us THEN n.heartbeat_us END, b.heartbeat_us) AS heartbeat_us,
        coalesce(CASE WHEN n.heartbeat_us <= n.slot_us THEN n.interval_ms END, b.interval_ms) AS interval_ms,
        coalesce(CASE WHEN n.disconnected_us <= n.slot_us THEN n.disconnected_us END, b.disconnected_us)
            AS disconnected_us
    FROM newest n LEFT JOIN before b ON b.slot_us = n.slot_us AND b.station_key = n.station_key
), patient AS (
    SELECT *, CAST(
        coalesce(offline_after_s * 1000000, 2000 * interval_ms + {MINUTE_US}, {DEFAULT_OFFLINE_US}) AS BIGINT
    ) AS offline_us
    FROM known
), regular AS (  -- stations whose heartbeats alone show that there was no gap: their other rows need not be read
    -- One row in each half of offline_after, back to the beginning, and no two rows are further apart than the whole.
    SELECT p.slot_us, p.station_key
    FROM patient p JOIN link l ON l.station_key = p.station_key
        AND l.time_us <= p.slot_us AND l.time_us > p.slot_us - {GAPS_US}
    WHERE l.time_us > $first - {GAPS_US} AND l.time_us <= $last AND p.offline_us >= 2 * {HALVES_US}
    GROUP BY ALL
    HAVING bit_count(bit_or(1::HUGEINT << ((p.slot_us - l.time_us) // (p.offline_us // 2))::INTEGER))
        = any_value(({GAPS_US} - 1) // (p.offline_us // 2)) + 1
), doubtful AS (
    SELECT slot_us, station_key, offline_us FROM patient ANTI JOIN regular USING (slot_us, station_key)
), {_heard("doubtful")}, minutes AS (
    -- A gap is longer than a minute, so the first and last row of each minute show all of them.
    SELECT p.slot_us, p.station_key, any_value(p.offline_us) AS offline_us,
        min(h.time_us) AS first_us, max(h.time_us) AS last_us
    FROM doubtful p JOIN heard_doubtful h ON h.station_key = p.station_key
        AND h.time_us <= p.slot_us AND h.time_us > p.slot_us - {GAPS_US}
    GROUP BY p.slot_us, p.station_key, h.time_us // {MINUTE_US}
), gaps AS (
    SELECT slot_us, station_key, max(first_us) AS gap_end_us, arg_max(previous_us, first_us) AS gap_start_us FROM (
        SELECT *, lag(last_us) OVER (PARTITION BY slot_us, station_key ORDER BY first_us) AS previous_us FROM minutes
    ) WHERE first_us - previous_us > offline_us GROUP BY ALL
), network AS (  -- when even the one of whom most is heard is overdue, all have stopped at once
    SELECT slot_us, count(*) >= {FLEET} AND any_value(slot_us) - max(seen_us) > min(offline_us) AS silent
    FROM patient WHERE seen_us > slot_us - {FLEET_US} GROUP BY slot_us
), busy AS (
    SELECT DISTINCT slot_us, site, station FROM slots JOIN sessions ON coalesce(started_us, 0) <= slot_us
        AND coalesce(known_at_us, slot_us) = slot_us
)
SELECT p.slot_us, p.station_key, p.site, p.station, p.seen_us,
    (p.slot_us - p.seen_us) / 1e6 AS silent_for,
    -- The later of the two: a status from before it is unknown until something confirms it.
    greatest(g.gap_end_us, p.disconnected_us) AS doubt_us,
    CASE WHEN p.disconnected_us >= coalesce(g.gap_end_us, 0) THEN p.disconnected_us ELSE g.gap_start_us END
        AS doubt_from_us,
    coalesce(network.silent, false) AS network_silent,
    CASE
        WHEN network.silent THEN NULL
        WHEN p.slot_us - p.seen_us <= p.offline_us THEN p.disconnected_us IS NULL OR p.seen_us > p.disconnected_us
        WHEN p.heartbeat_us IS NULL AND b.site IS NULL THEN NULL
        ELSE false
    END AS online
FROM patient p
LEFT JOIN network ON network.slot_us = p.slot_us
LEFT JOIN gaps g ON g.slot_us = p.slot_us AND g.station_key = p.station_key
LEFT JOIN busy b ON b.slot_us = p.slot_us AND b.site = p.site AND b.station = p.station
"""

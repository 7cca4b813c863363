"""Late rows: read together with the main table's, and merged into it in bulk."""

import duckdb

from monitor.readings.database import number
from monitor.readings.schema import MEASUREMENTS, Measurement
from monitor.readings.tables import columns, late_table, main_table, mergeable, point_key, quoted


def whole(measurement: Measurement, *, late: bool) -> str:
    """SELECT of all rows in the columns of the table, each point once; `late`: whether the late table holds any.

    Filters on the point's key that stand around it reach into every part of it.
    """
    main, waiting = main_table(measurement), late_table(measurement)
    if not late:
        return f"SELECT * FROM {main}"
    key = _key(measurement)
    return (
        f"SELECT * FROM {main} ANTI JOIN {waiting} USING ({key}) UNION ALL SELECT {_both(measurement)} "
        f"FROM (SELECT {_last(measurement)} FROM {waiting} GROUP BY {key}) AS late "
        f"LEFT JOIN {main} AS stored USING ({key})"
    )


def has_late(connection: duckdb.DuckDBPyConnection, measurement: Measurement) -> bool:
    """Whether rows wait to be merged, as the connection's transaction sees it."""
    return number(connection, f"SELECT count(*) FROM {late_table(measurement)}") > 0


def merge_late(connection: duckdb.DuckDBPyConnection) -> None:
    """Move all late rows into their main tables, inside the caller's transaction.

    Once for all that wait: finding them among 20 million rows costs the same for one batch as for twenty. A point that
    is there with the same values stays as it is, with its number: nothing has to be done again for it.
    """
    for measurement in MEASUREMENTS.values():
        if has_late(connection, measurement):
            main, waiting, key = main_table(measurement), late_table(measurement), _key(measurement)
            # Aggregates cost five times what the joins do, so only points that wait more than once are aggregated.
            _replace(connection, measurement, waiting, f"""
                SELECT {_last(measurement)} FROM {waiting}
                SEMI JOIN (SELECT {key} FROM {waiting} GROUP BY {key} HAVING count(*) > 1) USING ({key})
                GROUP BY {key}""")  # fmt: skip
            connection.execute(f"CREATE TEMP TABLE changed AS {_changed(measurement)}")
            connection.execute(f"INSERT INTO {main} SELECT * FROM {waiting} ANTI JOIN {main} USING ({key})")
            _replace(connection, measurement, main, "FROM changed")
            connection.execute("DROP TABLE changed")
            connection.execute(f"DELETE FROM {waiting}")


def _replace(connection: duckdb.DuckDBPyConnection, measurement: Measurement, table: str, rows: str) -> None:
    """Put rows in the place of those of the same points; `rows` is a SELECT of them."""
    connection.execute(f"CREATE TEMP TABLE replacing AS {rows}")
    connection.execute(
        f"DELETE FROM {table} WHERE rowid IN "
        f"(SELECT rowid FROM {table} SEMI JOIN replacing USING ({_key(measurement)}))"
    )
    connection.execute(f"INSERT INTO {table} SELECT * FROM replacing")
    connection.execute("DROP TABLE replacing")


def _changed(measurement: Measurement) -> str:
    """Points of the main table that a late write (of each point one) makes different, as they are after it."""
    differs = " OR ".join(
        f"coalesce(late.{name} <> stored.{name}, late.{name} IS NOT NULL)"
        for name in map(quoted, mergeable(measurement))
    )
    return (
        f"SELECT {_both(measurement)} FROM {late_table(measurement)} AS late "
        f"JOIN {main_table(measurement)} AS stored USING ({_key(measurement)}) WHERE {differs}"
    )


def _both(measurement: Measurement) -> str:
    """Columns of a point of `stored`, which may have no row, after the write of `late`."""
    merge = mergeable(measurement)
    made = {
        "received_us": "coalesce(stored.received_us, late.received_us) AS received_us",
        "seq": "late.seq",
        **{name: f"coalesce(late.{quoted(name)}, stored.{quoted(name)}) AS {quoted(name)}" for name in merge},
    }
    return ", ".join(made.get(name, f"late.{name}") for name, _ in columns(measurement))


def _last(measurement: Measurement) -> str:
    """Aggregates of the writes of one point: by column the last value that is not null, which `arg_max` passes over.

    Writes of one point have different numbers, because a batch holds each point once.
    """
    made = {
        "received_us": "arg_min(received_us, seq) AS received_us",
        "seq": "max(seq) AS seq",
        **{name: f"arg_max({quoted(name)}, seq) AS {quoted(name)}" for name in mergeable(measurement)},
    }
    return ", ".join(made.get(name, name) for name, _ in columns(measurement))


def _key(measurement: Measurement) -> str:
    return ", ".join(point_key(measurement))

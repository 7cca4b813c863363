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
    key = ", ".join(point_key(measurement))
    return f"SELECT * FROM {main} ANTI JOIN {waiting} USING ({key}) UNION ALL ({_merged(measurement)})"


def has_late(connection: duckdb.DuckDBPyConnection, measurement: Measurement) -> bool:
    """Whether rows wait to be merged, as the connection's transaction sees it."""
    return number(connection, f"SELECT count(*) FROM {late_table(measurement)}") > 0


def merge_late(connection: duckdb.DuckDBPyConnection) -> None:
    """Move all late rows into their main tables, inside the caller's transaction.

    Once for all that wait: finding them among 20 million rows costs the same for one batch as for twenty.
    """
    for measurement in MEASUREMENTS.values():
        if has_late(connection, measurement):
            main, waiting = main_table(measurement), late_table(measurement)
            key = ", ".join(point_key(measurement))
            connection.execute(f"CREATE OR REPLACE TEMP TABLE merging AS {_merged(measurement)}")
            connection.execute(
                f"DELETE FROM {main} WHERE rowid IN (SELECT rowid FROM {main} SEMI JOIN {waiting} USING ({key}))"
            )
            connection.execute(f"INSERT INTO {main} SELECT * FROM merging")
            connection.execute(f"DELETE FROM {waiting}")
            connection.execute("DROP TABLE merging")


def _merged(measurement: Measurement) -> str:
    """The points that have late rows, each from all its writes: by column the last value that is not null.

    `arg_max` passes over null. Writes of one point have different numbers, because a batch holds each point once.
    """
    main, waiting = main_table(measurement), late_table(measurement)
    key = point_key(measurement)
    merge = mergeable(measurement)
    made = []
    for name, _ in columns(measurement):
        if name in key:
            made.append(name)
        elif name == "received_us":
            made.append("arg_min(received_us, seq) AS received_us")
        elif name == "seq":
            made.append("max(seq) AS seq")
        else:
            assert name in merge
            made.append(f"arg_max({quoted(name)}, seq) AS {quoted(name)}")
    keys = ", ".join(key)
    return (
        f"SELECT {', '.join(made)} FROM (SELECT * FROM {main} SEMI JOIN {waiting} USING ({keys}) "
        f"UNION ALL SELECT * FROM {waiting}) GROUP BY {keys}"
    )

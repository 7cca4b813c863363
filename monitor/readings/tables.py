"""The tables of the embedded store, derived from the schema: names, columns, and the SQL that creates them."""

from collections.abc import Iterator

import pyarrow as pa

from monitor.readings.schema import CLOCK_STANDS_IN, MEASUREMENTS, Field, Measurement

VERSION = 1
"""Of the file's layout. A file of a higher one was written by a newer program and is left alone."""

CLAIMED = "claimed_us"
NEVER_US = -(2**62)
"""Before every time: what `applied_us` is until the window was brought up for the first time."""


def quoted(name: str) -> str:
    """A name as SQL wants it where it may be a keyword (`user`, `group`, `transaction`)."""
    return '"' + name.replace('"', '""') + '"'


def main_table(measurement: Measurement) -> str:
    """The table of rows in force, each point once."""
    return quoted(measurement.name)


def late_table(measurement: Measurement) -> str:
    """The table, of the same shape, of rows that came after a newer one of their connector and wait to be merged."""
    return quoted(f"late_{measurement.name}")


def subject_key(measurement: Measurement) -> str:
    """The integer key of who sent the row: a station's links are its own, everything else is a connector's."""
    return "connector_key" if "connector" in measurement.tags else "station_key"


def point_key(measurement: Measurement) -> tuple[str, ...]:
    """The columns that make two rows the same point."""
    event = ("event",) if "event" in measurement.tags else ()
    return (subject_key(measurement), *event, "time_us")


def mergeable(measurement: Measurement) -> tuple[str, ...]:
    """The columns that a later write of the same point overwrites where it has a value."""
    claimed = (CLAIMED,) if measurement.name in CLOCK_STANDS_IN else ()
    return (*claimed, *(field.column for field in measurement.fields))


def arrow_type(field: Field) -> pa.DataType:
    """How a field is stored: whole numbers and text."""
    return pa.int64() if field.kind == "number" else pa.string()


def columns(measurement: Measurement) -> Iterator[tuple[str, str]]:
    """Name and SQL type of every column, in the order of the table."""
    yield subject_key(measurement), "INTEGER"
    if "event" in measurement.tags:
        yield "event", "VARCHAR"
    yield "time_us", "BIGINT"
    yield "received_us", "BIGINT"
    yield "seq", "BIGINT"
    if measurement.name in CLOCK_STANDS_IN:
        yield CLAIMED, "BIGINT"
    for field in measurement.fields:
        yield field.column, _sql_type(field)


def create_statements() -> Iterator[str]:
    """Everything a new file needs; harmless on one that has it."""
    yield ("CREATE TABLE IF NOT EXISTS store_state(version INTEGER, seq BIGINT, applied_seq BIGINT, applied_us BIGINT)")
    yield (f"INSERT INTO store_state SELECT {VERSION}, 0, 0, {NEVER_US} WHERE NOT EXISTS (SELECT 1 FROM store_state)")
    yield "CREATE TABLE IF NOT EXISTS stations(station_key INTEGER, site VARCHAR, station VARCHAR)"
    yield (
        "CREATE TABLE IF NOT EXISTS connectors"
        "(connector_key INTEGER, station_key INTEGER, site VARCHAR, station VARCHAR, connector VARCHAR)"
    )
    for measurement in MEASUREMENTS.values():
        shape = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns(measurement))
        yield f"CREATE TABLE IF NOT EXISTS {main_table(measurement)}({shape})"
        yield f"CREATE TABLE IF NOT EXISTS {late_table(measurement)}({shape})"
    yield from _latest_tables()


def _latest_tables() -> Iterator[str]:
    # row_us: when the connector's last row of this measurement was, whatever it held; what is not newer is late.
    meter = ", ".join(
        f"{quoted(field.column)} {_sql_type(field)}, {quoted(field.column + '_us')} BIGINT"
        for field in MEASUREMENTS["meter"].fields
    )
    yield f"CREATE TABLE IF NOT EXISTS latest_meter(connector_key INTEGER, row_us BIGINT, {meter})"
    yield (
        "CREATE TABLE IF NOT EXISTS latest_status(connector_key INTEGER, row_us BIGINT, time_us BIGINT, "
        "since_us BIGINT, status VARCHAR, error_code VARCHAR, vendor_code VARCHAR, info VARCHAR)"
    )
    yield "CREATE TABLE IF NOT EXISTS latest_transaction(connector_key INTEGER, event VARCHAR, row_us BIGINT)"
    yield (
        "CREATE TABLE IF NOT EXISTS latest_link(station_key INTEGER, row_us BIGINT, seen_us BIGINT, "
        "heartbeat_us BIGINT, interval_ms BIGINT, interval_ms_us BIGINT, disconnected_us BIGINT, connected_us BIGINT)"
    )


def _sql_type(field: Field) -> str:
    return "BIGINT" if field.kind == "number" else "VARCHAR"

"""One user erased from a DuckDB file of readings."""

from collections.abc import Collection

import duckdb

from monitor.readings.database import number
from monitor.readings.late import merge_late
from monitor.readings.schema import IDENTITY, NAMES_OF_USERS, TRANSACTION
from monitor.readings.tables import main_table, quoted, subject_key


def erase_user(connection: duckdb.DuckDBPyConnection, tokens: Collection[str]) -> int:
    """See `ReadingStore.erase_user`. Rows keep their number: who follows what arrives has nothing to do again."""
    merge_late(connection)
    table, key = main_table(TRANSACTION), subject_key(TRANSACTION)
    asked_for = " OR ".join(f"{quoted(name)} IN (SELECT unnest($tokens))" for name in NAMES_OF_USERS)
    named = f"SELECT {key}, session FROM {table} WHERE ({asked_for}) AND session IS NOT NULL"
    theirs = f"{asked_for} OR ({key}, session) IN ({named})"
    anything = " OR ".join(f"{quoted(name)} IS NOT NULL" for name in IDENTITY)
    nothing = ", ".join(f"{quoted(name)} = NULL" for name in IDENTITY)
    erase = f"UPDATE {table} SET {nothing} WHERE ({theirs}) AND ({anything})"
    return number(connection, erase, {"tokens": list(tokens)})

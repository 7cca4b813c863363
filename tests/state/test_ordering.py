"""A page of a long table is read along an index: nothing is sorted, and nothing before the page is passed over."""

import pytest
from sqlalchemy import Connection, insert, select

from monitor.errors import InputError
from monitor.state import audit, ordering, sessions
from monitor.state.audit_tables import audit as audit_table
from monitor.state.database import Database
from monitor.state.session_tables import sessions as session_table
from tests.state.test_audit import NOON

TABLES = {"sessions": (session_table, sessions.ORDERS), "audit": (audit_table, audit.ORDERS)}
LONG = {
    f"{name} by {way}{by}": (table, orders, way + by)
    for name, (table, orders) in TABLES.items()
    for by in orders
    for way in ("", "-")
}


def plan(connection: Connection, statement: object) -> str:
    compiled = statement.compile(connection.engine)  # type: ignore[attr-defined]
    asked = (0,) * len(compiled.positiontup)
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", asked).all()
    return "; ".join(row[3] for row in rows)


@pytest.mark.parametrize(("table", "orders", "sort"), LONG.values(), ids=LONG)
def test_every_order_of_a_long_table_has_its_index(
    database: Database, table: object, orders: ordering.Orders, sort: str
) -> None:
    first = dict.fromkeys([column.name for column in session_table.columns if not column.nullable], "")
    with database.begin() as tx:
        if table is audit_table:
            audit.record(tx, NOON, "anna", "session.approve", "s-1")
        else:
            own = {"id": "1", "plug_in_us": NOON, "flags": [], "details": {}}
            tx.execute(insert(session_table), {**first, **own})
    with database.read() as connection:
        for last in (None, "1"):
            told = plan(connection, ordering.page(connection, select(table).limit(3), orders, sort, last))  # type: ignore[call-overload]
            assert "TEMP B-TREE" not in told
            assert last is None or told.startswith("SEARCH"), told


def test_a_row_that_is_gone_says_where_to_begin(database: Database) -> None:
    with database.read() as connection, pytest.raises(InputError, match="there is no 's-9' to go on after; begin with"):
        ordering.page(connection, select(session_table), sessions.ORDERS, "site", "s-9")

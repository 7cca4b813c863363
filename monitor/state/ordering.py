"""Pages of a table in the order that is asked for, each going on behind the last row of the one before."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, literal, select, tuple_

from monitor.errors import InputError

Orders = Mapping[str, Sequence[ColumnElement[Any]]]
"""By name: columns that are never null, the last of which is the row's id. An index of just these columns, or of
those that a filter fixes and then these, makes a page as cheap at the end of a million rows as at its beginning."""


def page(connection: Connection, statement: Select[Any], orders: Orders, sort: str, last: object) -> Select[Any]:
    """`statement` ordered by `sort`, which is one of `orders`, with `-` before it the other way round.

    `last`: the id of the last row of the page before, None for the first page. Raises InputError when there is no
    such row: it was taken away since.
    """
    columns, descending = orders[sort.removeprefix("-")], sort.startswith("-")
    ordered = statement.order_by(*(column.desc() if descending else column for column in columns))
    if last is None:
        return ordered
    row = connection.execute(select(*columns).where(columns[-1] == last)).first()
    if row is None:
        raise InputError(f"there is no {last!r} to go on after; begin with the first page")
    here = tuple_(*columns)
    there = tuple_(*(literal(value, column.type) for value, column in zip(row, columns, strict=True)))
    return ordered.where(here < there if descending else here > there)

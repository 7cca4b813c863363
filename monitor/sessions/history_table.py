"""Connectors' histories as the table that rules join: kept up at each tick, at the cost of what changed."""

from collections.abc import Mapping
from dataclasses import fields

import numpy as np
import pyarrow as pa

from monitor.ids import Place
from monitor.rules.frame import HISTORY
from monitor.sessions.history import ConnectorHistory

_FIELDS = tuple(each.name for each in fields(ConnectorHistory))

_MOST_FRESH = 2_000
"""With more changed rows than this all are written anew: those that changed are written at each tick."""


class HistoryTable:
    """One row per connector that has a finished session; used by one thread."""

    def __init__(self, histories: Mapping[Place, ConnectorHistory]) -> None:
        self._fresh: dict[Place, ConnectorHistory] = {}
        self._write(histories)

    @property
    def table(self) -> pa.Table:
        """Columns of `HISTORY`."""
        return self._table

    def update(self, fresh: Mapping[Place, ConnectorHistory]) -> None:
        """Put other histories in the place of those known of the same connectors."""
        if not fresh:
            return
        self._fresh |= fresh
        if len(self._fresh) > _MOST_FRESH:
            self._write(self._histories | self._fresh)
            return
        kept = np.ones(len(self._histories), dtype=bool)
        kept[[self._rows[place] for place in self._fresh if place in self._rows]] = False
        self._table = pa.concat_tables([self._written.filter(pa.array(kept)), _table(self._fresh)])

    def _write(self, histories: Mapping[Place, ConnectorHistory]) -> None:
        self._histories = dict(histories)
        self._rows = {place: row for row, place in enumerate(self._histories)}
        self._fresh.clear()
        self._table = self._written = _table(self._histories)


def _table(histories: Mapping[Place, ConnectorHistory]) -> pa.Table:
    columns: dict[str, list[object]] = {name: [getattr(place, name) for place in histories] for name in Place._fields}
    columns |= {name: [getattr(history, name) for history in histories.values()] for name in _FIELDS}
    columns |= {name: [None] * len(histories) for name in HISTORY.names if name not in columns}
    return pa.table(columns, schema=HISTORY)

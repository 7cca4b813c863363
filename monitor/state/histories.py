"""Each connector's history as one row, kept up as its sessions close: no start and no tick reads far back."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Float,
    Integer,
    String,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
)

from monitor.ids import Place
from monitor.sessions.history import USED, ConnectorHistory, Past, history_of
from monitor.sessions.offer import is_lowered
from monitor.state.columns import metadata
from monitor.state.database import chunks
from monitor.state.session_tables import positions, sessions
from monitor.state.tables import alerts
from monitor.units import to_us

connector_history = Table(
    "connector_history",
    metadata,
    Column("site", String, primary_key=True),
    Column("station", String, primary_key=True),
    Column("connector", String, primary_key=True),
    Column("usual_power_w", Float),
    Column("slow_share_10", Float),
    Column("failed_share_10", Float),
    Column("users_10", Integer),
    Column("delivered_us", BigInteger),
    Column("usual_gap_us", BigInteger),
    Column("last_stop_reason", String),
)
"""What `monitor.sessions.history` makes of the last 60 finished sessions of a connector."""

_KEPT = "histories"
"""In `positions`: histories are kept up from here on. A database from before has to make them once."""


def load(connection: Connection, places: Iterable[Place] | None = None) -> dict[Place, ConnectorHistory]:
    """What is stored, of all connectors or of some."""
    every = select(connector_history)
    found = [every] if places is None else [every.where(*_at(connector_history, place)) for place in places]
    rows = [row for statement in found for row in connection.execute(statement)]
    return {Place(*row[:3]): ConnectorHistory(*row[3:]) for row in rows}


def make_once(tx: Connection) -> None:
    """Make the histories of all connectors, where this database has never had any."""
    if tx.execute(select(positions.c.position).where(positions.c.name == _KEPT)).scalar() is not None:
        return
    place = (sessions.c.site, sessions.c.station, sessions.c.connector)
    refresh(tx, [Place(*row) for row in tx.execute(select(*place).distinct())])
    tx.execute(insert(positions).values(name=_KEPT, position=1))


def refresh(
    tx: Connection, places: Iterable[Place], frozen_by: Collection[str] = frozenset()
) -> dict[Place, ConnectorHistory]:
    """Make the histories of some connectors anew, and return them.

    `frozen_by`: rules that rest on the usual power. While one of them fires on a connector, what is usual there stays
    what it was then: else a charger that stays slow becomes what is usual, and the alert ends by itself.
    """
    fresh = {place: _history(tx, place, frozen_by) for place in places}
    for some in chunks(list(fresh.items())):
        for place, _ in some:
            tx.execute(delete(connector_history).where(*_at(connector_history, place)))
        tx.execute(insert(connector_history), [_row(place, history) for place, history in some])
    return fresh


def before(connection: Connection, place: Place, moment: datetime) -> ConnectorHistory:
    """What the sessions plugged in before `moment` say; from the sessions themselves, as nothing is kept of then."""
    return history_of(_past(connection, place, sessions.c.plug_in_us < moment))


def finished(connection: Connection, place: Place, moment: datetime) -> list[Past]:
    """The sessions of a connector that had closed by `moment`, newest first, at most `USED`."""
    return _past(connection, place, sessions.c.closed_us <= moment)


def _history(tx: Connection, place: Place, frozen_by: Collection[str]) -> ConnectorHistory:
    firing_us = _firing_since(tx, place, frozen_by)
    return history_of(
        _past(tx, place), None if firing_us is None else _past(tx, place, sessions.c.closed_us <= firing_us)
    )


def _firing_since(tx: Connection, place: Place, rules: Collection[str]) -> datetime | None:
    """Since when one of these rules has been firing on the connector, its station or its site."""
    here = [or_(alerts.c[key].is_(None), alerts.c[key] == getattr(place, key)) for key in ("station", "connector")]
    firing = and_(alerts.c.rule.in_(rules), alerts.c.state == "firing", alerts.c.site == place.site, *here)
    since: datetime | None = tx.execute(select(func.min(alerts.c.firing_us)).where(firing)).scalar()
    return since


def _row(place: Place, history: ConnectorHistory) -> dict[str, Any]:
    return {"site": place.site, "station": place.station, "connector": place.connector, **vars(history)}


def _past(tx: Connection, place: Place, *wanted: ColumnElement[bool]) -> list[Past]:
    newest_first = (
        select(
            func.coalesce(sessions.c.plug_out_us, sessions.c.closed_us).label("ended_us"),
            sessions.c.energy_mwh,
            sessions.c.average_power_w,
            sessions.c.user_token,
            sessions.c.stop_reason,
            sessions.c.diagnosis,
            sessions.c.peak_power_w,
            sessions.c.soc_in,
            sessions.c.soc_out,
            sessions.c.details,
        )
        .where(*_at(sessions, place), sessions.c.closed_us.is_not(None), *wanted)
        .order_by(sessions.c.plug_in_us.desc(), sessions.c.id.desc())
        .limit(USED)
    )
    return [
        Past(
            to_us(row.ended_us),
            None if row.energy_mwh is None else row.energy_mwh / 1000,
            row.average_power_w,
            row.user_token,
            row.stop_reason,
            row.diagnosis["code"] if row.diagnosis else None,
            row.peak_power_w,
            row.soc_in,
            row.soc_out,
            is_lowered(row.details),
        )
        for row in tx.execute(newest_first)
    ]


def _at(table: Table, place: Place) -> list[Any]:
    return [
        table.c.site == place.site,
        table.c.station == (place.station or ""),
        table.c.connector == (place.connector or ""),
    ]

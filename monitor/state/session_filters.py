"""Which sessions a list or a sum takes in."""

from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import ColumnElement, String, and_, cast, or_

from monitor.sessions.model import BillingState, Flag
from monitor.state.session_tables import FLAGGED, sessions


class Chosen(TypedDict, total=False):
    """What is asked of a session; None and absent ask nothing. `start` inclusive, `end` exclusive, of plug-in.

    `text`: its id or the beginning of it, its transaction, or its user.
    """

    start: datetime | None
    end: datetime | None
    site: str | None
    station: str | None
    connector: str | None
    group: str | None
    flag: Flag | None
    state: BillingState | None
    tariff: str | None
    text: str | None


_EQUAL = {
    "site": sessions.c.site,
    "station": sessions.c.station,
    "connector": sessions.c.connector,
    "group": sessions.c.user_group,
    "state": sessions.c.state,
    "tariff": sessions.c.tariff,
}


def conditions(chosen: Chosen) -> list[ColumnElement[bool]]:
    """The conditions that all have to hold."""
    asked: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    found: list[ColumnElement[bool]] = [column == asked[name] for name, column in _EQUAL.items() if name in asked]
    if "start" in asked:
        found.append(sessions.c.plug_in_us >= asked["start"])
    if "end" in asked:
        found.append(sessions.c.plug_in_us < asked["end"])
    if "flag" in asked:
        # The first condition is that of an index: few sessions have a flag.
        found += [FLAGGED, cast(sessions.c.flags, String).contains(f'"{asked["flag"]}"')]
    if "text" in asked:
        found.append(_spoken_of(asked["text"]))
    return found


def _spoken_of(text: str) -> ColumnElement[bool]:
    begins = and_(sessions.c.id >= text, sessions.c.id < f"{text}\x7f")
    return or_(begins, sessions.c.transaction_id == text, sessions.c.user_token == text)

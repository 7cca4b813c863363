"""What a backtest takes from the state database: silences that were in force, and the sessions finished before."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import NamedTuple

from monitor.alerts.responses import Silence
from monitor.config import Settings
from monitor.ids import Place
from monitor.sessions.history import Past
from monitor.state.database import Database
from monitor.state.responses import ResponseStore
from monitor.state.sessions import SessionStore


class Remembered(NamedTuple):
    """What the state database knows of that time."""

    silences: Sequence[Silence] = ()
    finished: Mapping[Place, Sequence[Past]] = {}


def remembered(settings: Settings, start: datetime, end: datetime) -> Remembered:
    """Nothing where there is no state database yet, which is not made for this."""
    if not settings.state.url and not (settings.paths.var / "state.sqlite").exists():
        return Remembered()
    database = Database(settings.state_url)
    with closing(database):
        silences = ResponseStore(database).silences_between(start, end)
        return Remembered(silences, SessionStore(database).finished_before(start))

"""The network's key figures every quarter of an hour, for two days: what the lines beside them are drawn from."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select

from monitor.state.database import Database
from monitor.state.tables import trend
from monitor.units import EPOCH

SPACING: Final = timedelta(minutes=15)
KEPT: Final = timedelta(days=2)


@dataclass(frozen=True)
class KeyFigures:
    """What the status page says; None is unknown. `usable` in percent; sessions, energy and revenue are of the 24 hours
    before.
    """

    taken: float | None = None
    power_w: float | None = None
    usable: float | None = None
    sessions: float | None = None
    energy_wh: float | None = None
    revenue: float | None = None


class Trend:
    """All methods raise StateUnavailable when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: datetime | None = None

    def due(self, now: datetime) -> bool:
        """Whether this quarter of an hour has no figures yet, as far as this process knows."""
        return self._noted != _quarter(now)

    def note(self, now: datetime, figures: KeyFigures) -> None:
        """Keep the figures of this quarter; the first ones stay. Old ones are forgotten."""
        at = _quarter(now)
        with self._database.begin(alone=True) as tx:
            tx.execute(delete(trend).where(trend.c.at_us < at - KEPT))
            if tx.execute(select(trend.c.at_us).where(trend.c.at_us == at)).first() is None:
                tx.execute(insert(trend).values(at_us=at, **asdict(figures)))
        self._noted = at

    def since(self, start: datetime) -> Sequence[tuple[datetime, KeyFigures]]:
        """Oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(trend).where(trend.c.at_us >= start).order_by(trend.c.at_us)).mappings()
            return [(row["at_us"], KeyFigures(**{name: row[name] for name in asdict(KeyFigures())})) for row in rows]


def _quarter(moment: datetime) -> datetime:
    return EPOCH + (moment - EPOCH) // SPACING * SPACING

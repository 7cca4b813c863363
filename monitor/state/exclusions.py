"""Outages that do not count against uptime, with who said so and why. Changes are written with their audit entry."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from monitor.ids import Place
from monitor.state import audit
from monitor.state.database import Database
from monitor.state.insight_tables import insight_exclusions


@dataclass(frozen=True)
class Excluded:
    """One record: what happens at `place` from start to end is excused."""

    id: int
    place: Place
    start: datetime
    end: datetime
    reason: str
    author: str


class ExclusionStore:
    """All methods raise StateUnavailable when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> list[Excluded]:
        """All of them, the newest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(insight_exclusions).order_by(insight_exclusions.c.id.desc())).all()
        return [
            Excluded(
                row.id, Place(row.site, row.station, row.connector), row.start_us, row.end_us, row.reason, row.author
            )
            for row in rows
        ]

    def add(self, place: Place, start: datetime, end: datetime, *, reason: str, author: str, at: datetime) -> Excluded:
        """Excuse a stretch at a site, a station or a connector."""
        values = {**place._asdict(), "start_us": start, "end_us": end, "reason": reason, "author": author}
        with self._database.begin() as tx:
            number = tx.execute(insert(insight_exclusions).values(**values)).inserted_primary_key
            assert number is not None
            said = {"subject": place.subject, "from": start.isoformat(), "to": end.isoformat(), "reason": reason}
            audit.record(tx, at, author, "exclusion.add", str(number[0]), said)
        return Excluded(int(number[0]), place, start, end, reason, author)

    def remove(self, number: int, *, by: str, at: datetime) -> bool:
        """Count it again; False: there is none of this number."""
        with self._database.begin() as tx:
            gone = tx.execute(delete(insight_exclusions).where(insight_exclusions.c.id == number)).rowcount > 0
            if gone:
                audit.record(tx, at, by, "exclusion.remove", str(number))
        return gone

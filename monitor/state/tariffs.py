"""Tariffs as they were. A changed file is a new version: sessions keep the one that held when they began."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, select

from monitor.state.database import Database
from monitor.state.session_tables import tariff_versions
from monitor.tariffs.history import History, Versioned
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.versions import tariff_from_text, tariff_to_text


class TariffStore:
    """All methods raise StateUnavailable when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def history(self) -> History:
        """Every version of every tariff that was in force, the oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(tariff_versions).order_by(tariff_versions.c.since_us)).all()
        found: dict[str, list[Versioned]] = {}
        for row in rows:
            found.setdefault(row.tariff, []).append(Versioned(row.since_us, tariff_from_text(row.content)))
        return {name: tuple(versions) for name, versions in found.items()}

    def note(self, tariffs: Iterable[Tariff], now: datetime) -> History:
        """Keep what changed since the last version of each as a new one from `now` on; returns the whole history."""
        history = self.history()
        fresh = [each for each in tariffs if not _is_last(history, each)]
        if not fresh:
            return history
        rows = [
            {"tariff": each.id, "since_us": now, "version": each.version, "content": tariff_to_text(each)}
            for each in fresh
        ]
        with self._database.begin() as tx:
            tx.execute(insert(tariff_versions), rows)
        return self.history()


def _is_last(history: History, tariff: Tariff) -> bool:
    known = history.get(tariff.id, ())
    return bool(known) and known[-1].tariff.version == tariff.version

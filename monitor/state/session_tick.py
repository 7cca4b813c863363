"""The sessions' part of a tick: what arrived is assembled, priced and saved; rules get what they read of sessions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from monitor.config import Sessions
from monitor.ids import Place
from monitor.readings.store import ReadingStore
from monitor.register import Register
from monitor.sessions import memory
from monitor.sessions.assembler import Assembler
from monitor.sessions.billing import bill
from monitor.sessions.classes import TimeRules
from monitor.sessions.for_rules import glances_table
from monitor.sessions.glance import UnderWay
from monitor.sessions.history_table import HistoryTable
from monitor.sessions.model import Session
from monitor.state.sessions import SessionStore
from monitor.state.tariffs import TariffStore
from monitor.tariffs.files import TariffBook
from monitor.tariffs.history import History
from monitor.units import EPOCH

SAVE_EVERY = 10_000
"""Commits of readings after which the position is saved though no session changed: a restart reads few again."""


class SessionTick:
    """Owns the assembler. Used by one thread, the one that ticks."""

    def __init__(
        self,
        store: ReadingStore,
        sessions: SessionStore,
        settings: Sessions,
        register: Register,
        tariffs: TariffStore | None = None,
        *,
        kept: Path | None = None,
    ) -> None:
        """`kept`: a file for what is known of sessions under way, from a clean stop to the next start."""
        self._sessions = sessions
        self._tariffs = tariffs
        self._noted: TariffBook | None = None
        self._versions: History = tariffs.history() if tariffs else {}
        self._settings = settings
        self._register = register
        self._assembler = Assembler(
            store,
            settings.grace,
            settings.bill_until,
            register,
            position=sessions.position(),
            under_way=sessions.under_way(),
            history_before=sessions.history_before,
            time_rules=TimeRules(frozenset(settings.neither), settings.least_current),
        )
        self._saved = self._assembler.position
        self._kept = kept
        if kept and (known := memory.take(kept, self._saved)):
            self._assembler.recall(known)
        self._ahead_of_saved = False
        self._under_way: Mapping[str, UnderWay] = {}
        self._at: Mapping[Place, UnderWay] = {}
        self._now = EPOCH
        self._imports = sessions.imports()
        self._history = HistoryTable(sessions.histories())

    @property
    def position(self) -> int:
        """The sequence number of the last row taken in."""
        return self._assembler.position

    def bring_up_to(
        self, now: datetime, register: Register, tariffs: TariffBook, frozen_by: Collection[str] = frozenset()
    ) -> tuple[pa.Table, pa.Table]:
        """Take in what arrived, and return the tables `sessions` and `history` that rules read.

        `frozen_by`: rules that rest on the usual power, which stays as it was where one of them fires.

        When the sessions cannot be saved, the next call goes back to what was saved and does the same again.
        """
        if register is not self._register:
            self._assembler.use(register)
            self._register = register
        if self._tariffs and tariffs is not self._noted:
            self._versions, self._noted = self._tariffs.note(tariffs.tariffs.values(), now), tariffs
        if self._ahead_of_saved:
            self._assembler.resume(self._sessions.position(), self._sessions.under_way())
            self._ahead_of_saved = False
        try:
            changed = self._assembler.update(now)
            self._save([self._to_store(session, tariffs) for session in changed], now, frozen_by)
        except Exception:
            self._ahead_of_saved = True
            raise
        self._note_closed(changed)
        self._note_imports()
        under_way = self._assembler.under_way()
        self._now = now
        self._under_way = {each.glance.id: each for each in under_way}
        self._at = {each.glance.place: each for each in under_way}
        return glances_table([each.glance for each in under_way]), self._history.table

    def keep(self) -> None:
        """The last tick has ended: keep what the next start can go on from."""
        known = None if self._ahead_of_saved else self._assembler.known()
        if self._kept and known:
            memory.keep(self._kept, self._saved, known)
        self._kept = None

    def session(self, session_id: str, tariffs: TariffBook) -> Session | None:
        """One session with its periods and, while it is under way, its price so far. Any thread may ask."""
        found = self._under_way.get(session_id)
        return self._so_far(found, tariffs) if found else self._sessions.get(session_id)

    def session_at(self, place: Place, tariffs: TariffBook) -> Session | None:
        """The session under way at a connector with its price so far; None: no car is there. Any thread may ask."""
        found = self._at.get(place)
        return self._so_far(found, tariffs) if found else None

    def _so_far(self, found: UnderWay, tariffs: TariffBook) -> Session:
        return self._bill(found.session(self._now, self._settings.grace, self._settings.bill_until), tariffs)

    def _to_store(self, session: Session, tariffs: TariffBook) -> Session:
        """Priced once the car has left; before that only the summary, because the readings have its periods."""
        if session.under_way:
            return replace(session, periods=())
        return self._bill(session, tariffs)

    def versioned(self, tariffs: TariffBook) -> TariffBook:
        """The book with the versions that its tariffs had, as far as a tick has seen them. Any thread may ask."""
        return replace(tariffs, history=self._versions)

    def _bill(self, session: Session, tariffs: TariffBook) -> Session:
        return bill(session, self.versioned(tariffs), self._register, self._settings.bill_until)

    def _save(self, sessions: Sequence[Session], now: datetime, frozen_by: Collection[str]) -> None:
        reached, progress = self._assembler.position, self._assembler.progress
        reassembled, renamed = self._assembler.reassembled, self._assembler.renamed
        if sessions or progress or reassembled or renamed or reached - self._saved >= SAVE_EVERY:
            self._sessions.save(
                sessions, position=reached, reassembled=reassembled, renamed=renamed, progress=progress, now=now,
                frozen_by=frozen_by,
            )  # fmt: skip
            self._saved = reached

    def _note_imports(self) -> None:
        """Finished sessions may be written by another process, which says so by a count."""
        imports = self._sessions.imports()
        if imports != self._imports:
            self._history = HistoryTable(self._sessions.histories())
            self._imports = imports

    def _note_closed(self, changed: Sequence[Session]) -> None:
        places = {session.place for session in changed if session.closed_at is not None}
        self._history.update(self._sessions.histories(places | self._assembler.reassembled.keys()))

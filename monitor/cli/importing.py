"""What `laddvakt import` does with each file, and the report of it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.authoring import in_force
from monitor.config import Settings
from monitor.errors import FileProblems, InputError, UsageError
from monitor.ids import Place
from monitor.ingest import files, session_table, spreadsheet
from monitor.ingest.files import PIECE
from monitor.ingest.identity import identities
from monitor.ingest.line_protocol import Rejected
from monitor.ingest.session_table import Source
from monitor.ingest.taking import Reading, Target
from monitor.rules.model import resting_on_usual_power
from monitor.sessions.imported import TIME_NOT_PRICED, priced, sessions_of
from monitor.sessions.model import Session
from monitor.state.database import Database
from monitor.state.sessions import SessionStore
from monitor.units import to_us

NAMED = 20
"""How many rejected lines of a file are printed; `--json` has them all, up to a thousand of each piece."""
_AT_ONCE = 500


@dataclass
class FileReport:
    """What became of one file."""

    path: Path
    stored: int = 0
    unchanged: int = 0
    what: str = "rows"
    rejected: list[Rejected] = field(default_factory=list)
    rejected_count: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass
class Report:
    """What became of all files; unknown names are counted."""

    files: list[FileReport] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)

    @property
    def rejected_count(self) -> int:
        """Lines that were not taken, whole or in part."""
        return sum(file.rejected_count for file in self.files)

    def as_text(self) -> str:
        """For people: a line per file, and where what was wrong."""
        return "\n".join([line for file in self.files for line in _told(file)] + list(self._names()))

    def as_json(self) -> dict[str, object]:
        """For scripts."""
        return {
            "files": [
                {
                    "file": str(file.path),
                    "stored": file.stored,
                    "unchanged": file.unchanged,
                    "what": file.what,
                    "rejected_count": file.rejected_count,
                    "rejected": [
                        {
                            "file": str(file.path),
                            "line": wrong.line,
                            "column": wrong.column or None,
                            "message": wrong.message,
                        }
                        for wrong in file.rejected
                    ],
                    "notes": file.notes,
                }
                for file in self.files
            ],
            "unknown": dict(self.unknown),
        }

    def _names(self) -> Iterator[str]:
        if self.unknown:
            yield "not stored, because the schema does not know them:"
            yield from (f"  {name}: {count}" for name, count in self.unknown.most_common(NAMED))


def _told(file: FileReport) -> Iterator[str]:
    same = f", {file.unchanged} were there already" if file.unchanged else ""
    wrong = f", {file.rejected_count} rejected" if file.rejected_count else ""
    yield f"{file.path}: {file.stored} {file.what} stored{same}{wrong}"
    yield from (f"  {file.path}:{each.line}: {each.message}" for each in file.rejected[:NAMED])
    if file.rejected_count > NAMED:
        yield f"  and {file.rejected_count - NAMED} more; --json names them"
    yield from (f"  {note}" for note in file.notes)


def import_lines(
    path: Path, target: Target, reading: Reading, report: Report, *, progress: Callable[[int], None], largest: int
) -> None:
    """A file of line protocol or messages, piece by piece; what is stored stays stored when a later piece fails."""
    found, done = FileReport(path), 0
    report.files.append(found)
    for piece in files.pieces(path, reading.format, min(PIECE, largest)):
        taken = target.take(piece.body, reading)
        found.stored += taken.stored
        found.rejected += [Rejected(wrong.line + piece.first_line - 1, wrong.message) for wrong in taken.rejected]
        found.rejected_count += taken.rejected_count
        report.unknown.update(taken.unknown)
        progress(piece.position - done)
        done = piece.position


def import_sessions(
    path: Path,
    settings: Settings,
    report: Report,
    *,
    mapping: Mapping[str, Source],
    defaults: Mapping[str, str],
    zone: str,
    now: datetime,
    progress: Callable[[int], None],
) -> None:
    """A file of finished sessions, priced by the tariffs in force. Raises FileProblems when those are broken."""
    operator = in_force.load(settings)
    if operator.problems:
        raise FileProblems(operator.problems)
    constants = {name: Source(constant=value) for name, value in defaults.items() if value}
    zone_of = _zone(zone) if zone else operator.register.zone
    body = b"".join(piece.body for piece in files.pieces(path, "sessions"))
    try:
        body = spreadsheet.as_csv(body) if body.startswith(spreadsheet.MAGIC) else body
        rows = session_table.read(body, {**constants, **mapping}, zone_of, to_us(now))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    found = FileReport(path, what="sessions", rejected=list(rows.rejected), rejected_count=len(rows.rejected))
    report.files.append(found)
    users = identities(settings.privacy, settings.paths.var)
    table = rows.table.set_column(rows.table.column_names.index("user"), "user", users.column(rows.table["user"]))
    database = Database(settings.state_url)
    try:
        database.migrate()
        store = SessionStore(database)
        sessions = (
            priced(session, operator.tariffs, operator.register, settings.sessions.bill_until)
            for session in sessions_of(table, operator.register)
        )
        size, count = path.stat().st_size, max(table.num_rows, 1)
        places = _save(store, sessions, found, lambda done: progress(size * done // count))
        store.end_import(places, resting_on_usual_power(operator.rules.rules))
    finally:
        database.close()


def parse_mapping(written: tuple[str, ...]) -> dict[str, Source]:
    """See `session_table.parse_mapping`."""
    return session_table.parse_mapping(written)


def _save(
    store: SessionStore, sessions: Iterator[Session], found: FileReport, progress: Callable[[int], None]
) -> set[Place]:
    """Store them; returns their connectors."""
    assembled = review = unpriced = untimed = 0
    some: list[Session] = []
    places: set[Place] = set()
    for session in sessions:
        some.append(session)
        places.add(session.place)
        review += session.state == "review"
        unpriced += session.state == "open"
        untimed += session.bill is not None and TIME_NOT_PRICED in session.bill.warnings
        if len(some) == _AT_ONCE:
            assembled += _save_some(store, some, found)
            progress(len(some))
            some = []
    assembled += _save_some(store, some, found)
    progress(len(some))
    for count, said in (
        (review, "need a person's review before they are billed"),
        (unpriced, "have no price: no tariff is assigned to their connector, group and date"),
        (untimed, "have no charging_s: their energy is priced, their time is not"),
        (assembled, "are known from readings, which win"),
    ):
        if count:
            found.notes.append(f"{count} {said}")
    return places


def _save_some(store: SessionStore, some: list[Session], found: FileReport) -> int:
    if not some:
        return 0
    outcome = store.import_finished(some)
    found.stored += outcome.stored
    found.unchanged += outcome.unchanged
    return outcome.assembled


def _zone(name: str) -> Callable[[str], ZoneInfo]:
    try:
        known = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UsageError(f"--zone {name}: there is no such time zone; write for example Europe/Stockholm") from error
    return lambda _site: known

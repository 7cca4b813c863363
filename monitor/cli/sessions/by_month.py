"""Sessions and their charging periods as Parquet, one file of each a month."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from monitor.errors import InputError
from monitor.sessions.flat import session_row
from monitor.sessions.model import Session
from monitor.state.sealing import Selection
from monitor.state.sessions import SessionStore

_TEXT, _NUMBER, _MOMENT = pa.string(), pa.float64(), pa.timestamp("us", "UTC")
_MONEY = pa.decimal128(20, 6)
SESSIONS = pa.schema(
    {
        "id": _TEXT, "subject": _TEXT, "site": _TEXT, "station": _TEXT, "connector": _TEXT, "transaction": _TEXT,
        "state": _TEXT, "plug_in": _MOMENT, "started": _MOMENT, "stopped": _MOMENT, "plug_out": _MOMENT,
        "energy_wh": _NUMBER, "charging_s": _NUMBER, "idle_s": _NUMBER, "average_power_w": _NUMBER,
        "peak_power_w": _NUMBER, "soc_in": _NUMBER, "soc_out": _NUMBER, "stop_reason": _TEXT, "diagnosis": _TEXT,
        "tariff": _TEXT, "tariff_version": _TEXT, "total_excl_vat": _MONEY, "total_incl_vat": _MONEY,
        "currency": _TEXT, "flags": pa.list_(_TEXT), "needs_review": pa.bool_(), "user": _TEXT, "group": _TEXT,
    }
)  # fmt: skip
PERIODS = pa.schema(
    {
        "session": _TEXT, "start": _MOMENT, "end": _MOMENT, "kind": _TEXT, "reason": _TEXT, "energy_wh": _NUMBER,
        "power_w": _NUMBER, "current_a": _NUMBER, "soc": _NUMBER,
    }
)  # fmt: skip


def write_months(store: SessionStore, chosen: Selection, folder: Path, zone: ZoneInfo) -> str:
    """Write DIR/sessions/2026-05.parquet and DIR/periods/2026-05.parquet; months of `zone`, by plug-in.

    Files of an earlier export are replaced, each once its new one is whole. Returns what was written, in words.
    """
    months, rows = 0, 0
    pieces = store.walk(chosen.start, chosen.end, periods=True)
    sessions = (session for piece in pieces for session in piece)
    for month, found in groupby(sessions, key=lambda session: f"{session.plug_in.astimezone(zone):%Y-%m}"):
        rows += _write_month(folder, month, found)
        months += 1
    return f"{rows} sessions in {months} months under {folder}"


def _write_month(folder: Path, month: str, sessions: Iterable[Session]) -> int:
    targets = [folder / name / f"{month}.parquet" for name in ("sessions", "periods")]
    unfinished = [target.with_suffix(".part") for target in targets]
    rows = 0
    try:
        for target in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as open_files:
            whole, parts = (
                open_files.enter_context(pq.ParquetWriter(path, schema, compression="zstd"))
                for path, schema in zip(unfinished, (SESSIONS, PERIODS), strict=True)
            )
            for piece in _pieces(sessions):
                whole.write_table(pa.Table.from_pylist([_row(session) for session in piece], SESSIONS))
                parts.write_table(
                    pa.Table.from_pylist([row for session in piece for row in _periods(session)], PERIODS)
                )
                rows += len(piece)
        for path, target in zip(unfinished, targets, strict=True):
            path.replace(target)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        for path in unfinished:
            path.unlink(missing_ok=True)
    return rows


def _pieces(sessions: Iterable[Session], size: int = 1_000) -> Iterator[Sequence[Session]]:
    piece: list[Session] = []
    for session in sessions:
        piece.append(session)
        if len(piece) == size:
            yield piece
            piece = []
    if piece:
        yield piece


def _row(session: Session) -> dict[str, object]:
    row = session_row(session)
    for name in ("charging_s", "idle_s"):
        row[name] = None if row[name] is None else row[name].total_seconds()
    for name in ("total_excl_vat", "total_incl_vat"):
        row[name] = None if row[name] is None else round(row[name], 6)
    return {**row, "flags": sorted(session.flags), "user": session.user, "group": session.group}


def _periods(session: Session) -> Iterator[dict[str, object]]:
    for period in session.periods:
        yield {"session": session.id, **vars(period)}

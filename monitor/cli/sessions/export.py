"""`laddvakt sessions export`: as OCPI CDRs, which seals what is billed, or as a report, which changes nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Literal
from zoneinfo import ZoneInfo

import click

from monitor.cells import csv_lines, json_items
from monitor.cli.sessions.by_month import write_months
from monitor.cli.sessions.office import Office, opened, range_options
from monitor.cli.settings import config_option
from monitor.cli.terminal import by_option
from monitor.errors import InputError
from monitor.sessions.flat import SESSION_COLUMNS, session_row
from monitor.state.sealing import Sealing, Selection, Sent, again, preview, seal
from monitor.state.sessions import SessionStore
from monitor.tariffs.versions import Version

Format = Literal["ocpi", "csv", "json", "parquet"]


@click.command()
@click.option(
    "--format", "kind", type=click.Choice(["ocpi", "csv", "json", "parquet"]), default="ocpi", show_default=True
)
@range_options
@click.option("--session", "session_id", metavar="ID", help="only this session; of one exported before: its CDRs again")
@click.option("--output", type=click.Path(path_type=Path), help="file, or of Parquet folder [default: standard output]")
@click.option("--ocpi", type=click.Choice(["2.2.1", "2.3.0"]), default="2.2.1", show_default=True)
@click.option("--dry-run", is_flag=True, help="show the CDRs and seal nothing")
@click.option("--complete-only", is_flag=True, help="leave out CDRs that lack something that OCPI requires")
@click.option("--again", "repeat", is_flag=True, help="CDRs that were exported before, word for word, and nothing else")
@click.option("--run", "number", type=int, metavar="N", help="the CDRs of export N once more")
@by_option
@config_option
def export(
    *, kind: Format, first: datetime | None, last: datetime | None, session_id: str | None, output: Path | None,
    config_file: Path | None, **of_cdrs: object,
) -> None:  # fmt: skip
    """Sessions as CDRs (an array of OCPI objects), or as CSV, JSON or Parquet by month.

    Exporting CDRs seals the sessions: what went out is kept word for word, is not exported a second time unless asked
    (--again, --run, --session), and no reading that comes later changes it. Credit CDRs that wait go out with them.
    --dry-run shows what would go out. CSV, JSON and Parquet are reports of all sessions and seal nothing.
    """
    with opened(config_file) as office:
        chosen = Selection(office.midnight(first), office.midnight(last), session_id)
        if session_id and SessionStore(office.database).get(session_id) is None:
            raise InputError(f"there is no session {session_id!r}")
        if kind == "parquet":
            if output is None or session_id:
                raise click.UsageError("Parquet is a folder of months: give --output DIR, and no --session")
            zone = ZoneInfo(office.settings.sessions.zone)
            click.echo(write_months(SessionStore(office.database), chosen, output, zone), err=True)
            return
        with _written(output) as file:
            if kind == "ocpi":
                _write_cdrs(file, office, chosen, **of_cdrs)  # type: ignore[arg-type]
            else:
                _write_report(file, office, chosen, kind)


def _write_report(file: IO[str], office: Office, chosen: Selection, kind: Format) -> None:
    store = SessionStore(office.database)
    if chosen.session:
        pieces = iter([[found] if (found := store.get(chosen.session)) else []])
    else:
        pieces = iter(store.walk(chosen.start, chosen.end))  # type: ignore[arg-type]
    rows = (session_row(session) for piece in pieces for session in piece)
    file.writelines(csv_lines(SESSION_COLUMNS, rows) if kind == "csv" else json_items(rows))


def _write_cdrs(
    file: IO[str], office: Office, chosen: Selection, *, ocpi: Version, dry_run: bool, complete_only: bool,
    repeat: bool, number: int | None, actor: str,
) -> None:  # fmt: skip
    sealing = Sealing(office.making(ocpi), ocpi, actor, office.now, complete_only)
    if repeat or number is not None:
        sent = again(office.database, chosen, number)
    elif dry_run:
        sent = preview(office.database, chosen, sealing)
    else:
        sent = _sealed(office, chosen, sealing)
    count = 0
    runs: set[int | None] = set()
    for each in sent:
        if each.left_out:
            click.echo(f"{each.session}: left out: {each.left_out}", err=True)
        if each.missing:
            click.echo(f"{each.session}: missing {', '.join(each.missing)}", err=True)
        if each.text:
            file.write(("," if count else "[") + "\n" + each.text)
            count += 1
            runs.add(each.export)
    file.write("\n]\n" if count else "[]\n")
    if dry_run:
        click.echo(f"{count} CDRs shown, nothing sealed", err=True)
    for run in sorted(run for run in runs if run is not None):
        click.echo(f"export {run}: once more with --run {run}", err=True)


def _sealed(office: Office, chosen: Selection, sealing: Sealing) -> Iterator[Sent]:
    """What is sealed now; of one session that was asked for by its id and sealed before, its CDRs as they went out."""
    found = list(seal(office.database, chosen, sealing)) if chosen.session else None
    if found is None:
        yield from seal(office.database, chosen, sealing)
    elif any(each.text or each.left_out for each in found):
        yield from found
    else:
        yield from again(office.database, chosen)


@contextmanager
def _written(output: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a file that has its name only once it is whole."""
    if output is None:
        yield sys.stdout
        return
    unfinished = output.with_name(f".{output.name}.part")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            yield file
        unfinished.replace(output)
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)

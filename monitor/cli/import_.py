"""`laddvakt import`: files of line protocol, OCPP messages or finished sessions, plain or gzip, any number of times."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self, cast, get_args

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from monitor import register
from monitor.cli.importing import Report, import_lines, import_sessions, parse_mapping
from monitor.cli.settings import config_option, load
from monitor.config import Settings
from monitor.errors import LaddvaktError, UsageError
from monitor.ingest import files
from monitor.ingest.clock import Precision
from monitor.ingest.files import Format
from monitor.ingest.identity import identities
from monitor.ingest.intake import Intake
from monitor.ingest.ocpp.reader import Default
from monitor.ingest.taking import Reading, ServiceTarget, StoreTarget, Target
from monitor.readings import running
from monitor.readings.opening import open_store
from monitor.service import RealClock

_PRECISIONS = ("auto", *get_args(Precision))


@click.command(name="import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "format_", default="auto", type=click.Choice(["auto", *get_args(Format)]), show_default=True)
@click.option("--precision", default="auto", type=click.Choice(_PRECISIONS), help="unit of times in line protocol")
@click.option("--site", default="", help="site of messages and sessions that name none")
@click.option("--station", default="", help="station of messages and sessions that name none")
@click.option("--map", "mapping", multiple=True, metavar="FIELD=HEADING", help="sessions: a field's column, see below")
@click.option("--zone", default="", help="sessions: zone of times without an offset [that of the site]")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
@click.pass_context
def import_(
    context: click.Context,
    *,
    paths: tuple[Path, ...],
    format_: str,
    precision: str,
    site: str,
    station: str,
    mapping: tuple[str, ...],
    zone: str,
    as_json: bool,
    config_file: Path | None,
) -> None:
    """Read PATHS into the readings store (line protocol, OCPP messages) or as finished sessions (CSV).

    Importing a file twice changes nothing. What cannot be taken is named with file and line, and the rest is kept; then
    the exit code is 1.

    \b
    --map plug_in=arrival              the column `arrival` is plug_in
    --map energy_wh=delivered*1000     ... with a factor
    --map connector==1                 the same value for all rows

    docs/import.md has the formats.
    """  # noqa: D301 - click wants the backspace itself
    settings, fields = load(config_file), parse_mapping(mapping)
    kinds = [(path, _format(path, format_, mapped=bool(mapping))) for path in paths]
    if mapping and any(kind != "sessions" for _, kind in kinds):
        raise UsageError("--map is for sessions; these files hold something else")
    report = Report()

    def tell() -> None:
        click.echo(json.dumps(report.as_json(), indent=2) if as_json else report.as_text())

    with _told(report, tell), _progress(sum(path.stat().st_size for path in paths)) as progress, ExitStack() as opened:
        target: Target | None = None
        for path, kind in kinds:
            if kind == "sessions":
                defaults = {"site": site, "station": station}
                now = RealClock().now()
                import_sessions(
                    path, settings, report, mapping=fields, defaults=defaults, zone=zone, now=now, progress=progress
                )
                continue
            target = target or opened.enter_context(_target(settings))
            reading = Reading(kind, _precision(path, precision), Default(station or None, site or None))
            import_lines(path, target, reading, report, progress=progress, largest=settings.web.max_body)
    tell()
    context.exit(1 if report.rejected_count else 0)


def _format(path: Path, asked: str, *, mapped: bool) -> Format:
    if asked in get_args(Format):
        return cast("Format", asked)
    return "sessions" if mapped else files.format_of(path)


def _precision(path: Path, asked: str) -> Precision:
    return cast("Precision", asked) if asked in get_args(Precision) else files.precision_of(path)


@contextmanager
def _told(report: Report, tell: Callable[[], None]) -> Iterator[None]:
    """When a file or the store fails half way, what was stored before it is told all the same."""
    try:
        yield
    except LaddvaktError:
        if report.files:
            tell()
        raise


@contextmanager
def _target(settings: Settings) -> Iterator[Target]:
    """The store itself, or the service that has it open. Raises StoreUnavailable."""
    found = running.find(settings.readings_file)
    if found is not None:
        yield ServiceTarget(found)
        return
    users = identities(settings.privacy, settings.paths.var)
    store = open_store(settings, RealClock().now())
    try:
        places = register.load(settings.paths.rules / "sites.yaml", settings.sessions.zone)
        yield StoreTarget(Intake(store, RealClock().now, users, lambda: places))
    finally:
        store.close()


class _progress:  # noqa: N801 - used as a word
    """A bar over the bytes of all files on standard error, silent where that is no terminal; called with bytes read."""

    def __init__(self, total: int) -> None:
        self._bar = Progress(
            TextColumn("importing"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
            transient=True,
        )
        self._task = self._bar.add_task("importing", total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, more: int) -> None:
        self._bar.advance(self._task, more)

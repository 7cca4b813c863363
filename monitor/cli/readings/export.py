"""`laddvakt readings export`: Parquet, one file a measurement and day."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import Progress

from monitor.cli.settings import config_option, load
from monitor.errors import InputError
from monitor.readings import frames
from monitor.readings.scanning import source
from monitor.readings.schema import MEASUREMENTS, Measurement

_DAY = timedelta(days=1)
DATE = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--from", "first", type=DATE, required=True, help="first day (UTC)")
@click.option("--to", "last", type=DATE, required=True, help="day before which it ends (UTC)")
@click.option("--measurement", "names", type=click.Choice(tuple(MEASUREMENTS)), multiple=True, help="[default: all]")
@config_option
def export(*, folder: Path, first: datetime, last: datetime, names: tuple[str, ...], config_file: Path | None) -> None:
    """Write DIR/meter/2026-05-01.parquet and so on, through the running service or from the store itself.

    A day without rows gets no file; a file of an earlier export is replaced.
    """
    if last <= first:
        raise click.UsageError("--to is not after --from")
    days = [first.replace(tzinfo=UTC) + number * _DAY for number in range((last - first) // _DAY)]
    wanted = [MEASUREMENTS[name] for name in names or MEASUREMENTS]
    rows = files = 0
    console = Console(stderr=True)
    with source(load(config_file)) as store, Progress(console=console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("days", total=len(days) * len(wanted))
        for measurement in wanted:
            for day in days:
                written = _write(folder, measurement, day, store.scan(measurement, day, day + _DAY))
                rows, files = rows + written, files + (written > 0)
                bar.advance(task)
    click.echo(f"{rows} rows in {files} files under {folder}")


def _write(folder: Path, measurement: Measurement, day: datetime, batches: Iterator[pa.RecordBatch]) -> int:
    """How many rows; the file has its name only once it is whole."""
    target = folder / measurement.name / f"{day:%Y-%m-%d}.parquet"
    unfinished = target.with_suffix(".part")
    first = next((batch for batch in batches if batch.num_rows), None)
    if first is None:
        return 0
    rows: int = first.num_rows
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with pq.ParquetWriter(unfinished, frames.schema(measurement), compression="zstd") as writer:
                writer.write_batch(first)
                for batch in batches:
                    writer.write_batch(batch)
                    rows += batch.num_rows
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror or error}") from error
    return rows

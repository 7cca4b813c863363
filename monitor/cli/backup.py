"""`laddvakt backup FILE`: state, embedded store and keys, while the service runs."""

from pathlib import Path

import click

from monitor.backup.making import backup as make
from monitor.cli.settings import config_option, load
from monitor.errors import InputError
from monitor.service import RealClock


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--no-keys", is_flag=True, help="leave out user.key and web.key: for a place where others read")
@click.option("--replace", is_flag=True, help="overwrite FILE")
@config_option
def backup(file: Path, config_file: Path | None, *, no_keys: bool, replace: bool) -> None:
    """Write FILE: the state database, the embedded readings store and the keys, as of now.

    The service may run, and goes on. With InfluxDB the readings are in InfluxDB's own backups.
    """
    if file.exists() and not replace:
        raise InputError(f"{file} exists already; choose another name, or say --replace")
    settings = load(config_file)
    made = make(settings, file, RealClock().now(), keys=not no_keys)
    readings = (
        f"{sum(made.rows.values()):,} readings" if made.store == "embedded" else "no readings (InfluxDB has them)"
    )
    click.echo(f"{file}: state of schema {made.schema}, {readings}, {file.stat().st_size / 1e6:,.1f} MB")

"""`laddvakt restore FILE`: what `laddvakt backup` wrote, put where the configuration says."""

from pathlib import Path

import click

from monitor.backup.restoring import restore as put_back
from monitor.cli.settings import config_option, load


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="overwrite a state and readings that are there")
@config_option
def restore(file: Path, config_file: Path | None, *, force: bool) -> None:
    """Restore state, embedded store and keys from FILE; the service must not run.

    A file that is damaged or of a newer version changes nothing. One of an older version is migrated.
    """
    manifest = put_back(load(config_file), file, force=force)
    readings = f" and {sum(manifest.rows.values()):,} readings" if manifest.rows else ""
    click.echo(f"restored: state{readings} of {manifest.made_at}; next: laddvakt run")

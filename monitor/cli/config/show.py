"""`laddvakt config show`: the settings in force, after the file, the environment and the defaults."""

import json
from pathlib import Path

import click

from monitor.authoring.settings_reference import shown
from monitor.cli.settings import config_option, load


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
def show(config_file: Path | None, as_json: bool) -> None:
    """Print every setting in force, as TOML; of secrets only whether they are set."""
    listed = list(shown(load(config_file)))
    if as_json:
        click.echo(
            json.dumps([{"setting": each.name, "value": each.value, "changed": each.changed} for each in listed])
        )
        return
    for name, value, changed in listed:
        click.echo(f"{name} = {value}{'  # not the default' if changed else ''}")

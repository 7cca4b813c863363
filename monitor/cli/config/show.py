"""`laddvakt config show`: the settings in force, after the file, the environment and the defaults."""

import json
from pathlib import Path

import click

from monitor.authoring.settings_reference import toml
from monitor.cli.settings import config_option, load
from monitor.config import every_setting

_HIDDEN = "(set, not shown)"


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
def show(config_file: Path | None, as_json: bool) -> None:
    """Print every setting in force, as TOML; of secrets only whether they are set."""
    settings = load(config_file)
    usual = {each.path: each.default for each in every_setting()}
    listed = []
    for each in every_setting(settings):
        value = _HIDDEN if each.secret and each.default else each.default
        listed.append((".".join(each.path), toml(value), each.default != usual[each.path]))
    if as_json:
        click.echo(json.dumps([{"setting": name, "value": value, "changed": new} for name, value, new in listed]))
        return
    for name, value, changed in listed:
        click.echo(f"{name} = {value}{'  # not the default' if changed else ''}")

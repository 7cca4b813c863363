"""`laddvakt rules new ID`: a rule to begin from."""

from pathlib import Path

import click

from monitor.authoring.scaffold import scaffold
from monitor.cli.settings import config_option, load
from monitor.errors import InputError
from monitor.rules.names import SUBJECTS, Subject


@click.command()
@click.argument("rule_id", metavar="ID")
@click.option("--on", type=click.Choice(SUBJECTS), default="connector", show_default=True)
@click.option("--print", "to_screen", is_flag=True, help="print it instead of writing alerts/ID.yaml")
@config_option
def new(*, rule_id: str, on: Subject, to_screen: bool, config_file: Path | None) -> None:
    """Write a rule that passes `check` to alerts/ID.yaml under paths.rules, with every key explained."""
    text = scaffold(rule_id, on)
    if to_screen:
        click.echo(text, nl=False)
        return
    path = load(config_file).paths.rules / "alerts" / f"{rule_id}.yaml"
    if path.exists():
        raise InputError(f"{path} exists already; choose another id")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    click.echo(f"written: {path}\nnext: change it, then laddvakt check")

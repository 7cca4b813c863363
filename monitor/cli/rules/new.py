"""`laddvakt rules new`: a rule and its test, to begin from."""

from pathlib import Path

import click

from monitor.authoring.scaffold import TEMPLATES, scaffold
from monitor.cli.settings import config_option, load
from monitor.errors import InputError


@click.command(epilog="Templates: " + "; ".join(f"{name}: {words}" for name, words in TEMPLATES.items()))
@click.argument("rule_id", metavar="[ID]", required=False)
@click.option("--what", type=click.Choice(list(TEMPLATES)), help="what to watch")
@click.option("--print", "to_screen", is_flag=True, help="print both instead of writing them")
@config_option
def new(*, rule_id: str | None, what: str | None, to_screen: bool, config_file: Path | None) -> None:
    """Write a rule to alerts/ID.yaml and its test to tests/ID.yaml under paths.rules; both pass as they are.

    What is not given is asked for.
    """
    chosen = what or _asked()
    name = rule_id or click.prompt("Id of the rule, words joined by hyphens", default=f"my-{chosen}", err=True)
    made = scaffold(chosen, name)
    if to_screen:
        click.echo(f"{made.rule}---\n{made.test}", nl=False)
        return
    folder = load(config_file).paths.rules
    written = {folder / "alerts" / f"{name}.yaml": made.rule, folder / "tests" / f"{name}.yaml": made.test}
    for path in written:
        if path.exists():
            raise InputError(f"{path} exists already; choose another id")
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        click.echo(f"written: {path}")
    click.echo(f"next: change them, then laddvakt check && laddvakt rules test --only {name}")


def _asked() -> str:
    """The template that a person chooses from the list."""
    for number, words in enumerate(TEMPLATES.values(), 1):
        click.echo(f"{number}  {words}", err=True)
    number = click.prompt("What to watch", type=click.IntRange(1, len(TEMPLATES)), err=True)
    return list(TEMPLATES)[number - 1]

"""`laddvakt rules schema`: JSON Schema of operators' files, for editors."""

import json

import click

from monitor.authoring.schema import KINDS, schema_of


@click.command()
@click.argument("kind", type=click.Choice(KINDS), default="rules")
def schema(kind: str) -> None:
    """Print the JSON Schema of one kind of file; in an editor: # yaml-language-server: $schema=FILE."""
    click.echo(json.dumps(schema_of(kind), indent=2, ensure_ascii=False))

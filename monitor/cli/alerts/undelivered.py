"""`laddvakt alerts undelivered | resend`: messages that were given up."""

import json
from pathlib import Path

import click

from monitor.cells import jsonable
from monitor.cli.alerts.desk import opened
from monitor.cli.settings import config_option
from monitor.cli.terminal import by_option, table
from monitor.errors import InputError
from monitor.state.dead_letters import DeadLetters, dead_letter_row


@click.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="how many at most")
@click.option("--before", type=click.IntRange(1), metavar="ID", help="go on after this message of the list before")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
def undelivered(*, limit: int, before: int | None, as_json: bool, config_file: Path | None) -> None:
    """Messages that were given up, the newest first, and why."""
    with opened(config_file) as desk:
        found = DeadLetters(desk.database).list(before=before, limit=limit + 1)
        shown, following = found[:limit], found[limit - 1].id if len(found) > limit else None
        if as_json:
            rows = [jsonable(dead_letter_row(letter)) for letter in shown]
            click.echo(json.dumps({"items": rows, "next": following}, ensure_ascii=False, indent=2))
            return
        rows = [
            (
                letter.id, letter.message.receiver, letter.message.address, letter.message.kind,
                desk.local(letter.message.at), letter.attempts, letter.error,
            )
            for letter in shown
        ]  # fmt: skip
        table(("id", "receiver", "address", "kind", "from", "attempts", "why"), rows)
        if following:
            click.echo(f"more: --before {following}")


@click.command()
@click.argument("numbers", metavar="[ID]...", nargs=-1, type=click.IntRange(1))
@click.option("--all", "everything", is_flag=True, help="all that were given up")
@by_option
@config_option
def resend(*, numbers: tuple[int, ...], everything: bool, actor: str, config_file: Path | None) -> None:
    """Let messages that were given up be tried for another day; each keeps the Message-ID that it had."""
    if bool(numbers) == everything:
        raise click.UsageError("name the messages, or --all, one of both")
    with opened(config_file) as desk:
        store = DeadLetters(desk.database)
        if everything:
            click.echo(f"{store.resend_all(by=actor, at=desk.now)} messages are tried again")
            return
        for number in numbers:
            if not store.resend(number, by=actor, at=desk.now):
                raise InputError(f"there is no message {number}")
            click.echo(f"message {number} is tried again")

"""`laddvakt sessions review`: what waits for a person, and the decisions about it."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from monitor.cells import iso, plain
from monitor.cli.sessions.listing import kwh
from monitor.cli.sessions.office import opened
from monitor.cli.settings import config_option
from monitor.cli.terminal import by_option, moment, table
from monitor.errors import InputError
from monitor.sessions.billing_states import Action
from monitor.sessions.correction import Correction
from monitor.sessions.flat import session_row
from monitor.state.review_queue import KINDS, Kind, ReviewStore
from monitor.state.reviewing import Decision
from monitor.state.waiting_rows import waiting_row
from monitor.units import parse_quantity

F = TypeVar("F", bound=Callable[..., Any])


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="the list as one JSON document")
@config_option
@click.pass_context
def review(context: click.Context, *, as_json: bool, config_file: Path | None) -> None:
    """Sessions that a person has to decide about before, or after, they are billed; alone it lists them."""
    if context.invoked_subcommand is None:
        context.invoke(list_, kind=None, limit=100, after=None, as_json=as_json, config_file=config_file)


@review.command("list")
@click.option("--kind", type=click.Choice(KINDS), help="doubtful ones, those without a price, or proposed corrections")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="how many at most")
@click.option("--after", metavar="ID", help="go on after this session of the list before")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
def list_(*, kind: Kind | None, limit: int, after: str | None, as_json: bool, config_file: Path | None) -> None:
    """What waits, the oldest first: why, since when, and what can be decided."""
    with opened(config_file) as office:
        store = ReviewStore(office.database)
        found, counts = store.queue(kind, after=after, limit=limit + 1), store.counts()
    shown, following = found[:limit], found[limit - 1].case.session.id if len(found) > limit else None
    if as_json:
        items = [{name: plain(value) for name, value in waiting_row(each).items()} for each in shown]
        click.echo(json.dumps({"items": items, "counts": counts, "next": following}, ensure_ascii=False, indent=2))
        return
    rows = [
        (
            each.case.session.id, each.kind, iso(each.since), each.case.session.place.subject,
            kwh(each.case.session.energy_wh), ", ".join(each.reasons), " ".join(each.case.possible),
        )
        for each in shown
    ]  # fmt: skip
    table(("id", "kind", "since", "where", "kWh", "why", "possible"), rows)
    if following:
        click.echo(f"more: --after {following}")


def decision(command: F) -> F:
    """What all decisions take."""
    for option in (
        config_option,
        by_option,
        click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text"),
        click.option("--seen", metavar="TOKEN", help="`seen` of the list: a conflict if it has changed since"),
        click.option("--reason", required=True, help="why; it is kept with the bill"),
        click.argument("session_id", metavar="ID"),
    ):
        command = option(command)
    return command


@review.command()
@decision
def approve(**options: Any) -> None:
    """Bill the session as it was measured; of a proposed correction: credit the old bill and make the new one."""
    _decide("approve", Correction(), **options)


@review.command()
@click.option("--energy", metavar="'8.5 kWh'", help="the energy")
@click.option("--started", type=click.UNPROCESSED, metavar="TIME", help="when it started, RFC 3339 with an offset")
@click.option("--stopped", type=click.UNPROCESSED, metavar="TIME", help="when it stopped")
@click.option("--plug-out", type=click.UNPROCESSED, metavar="TIME", help="when the car left")
@decision
def correct(
    *, energy: str | None, started: str | None, stopped: str | None, plug_out: str | None, **options: Any
) -> None:
    """Bill other values than the measured ones, which are kept beside them; a sealed bill is credited first."""
    times = {"started": started, "stopped": stopped, "plug_out": plug_out}
    correction = Correction(_energy(energy), **{name: _moment(name, text) for name, text in times.items()})
    _decide("correct", correction, **options)


@review.command("write-off")
@decision
def write_off(**options: Any) -> None:
    """Bill nothing; a sealed bill is credited."""
    _decide("write_off", Correction(), **options)


@review.command()
@decision
def keep(**options: Any) -> None:
    """Keep the sealed bill as it is, though later readings say something else."""
    _decide("keep", Correction(), **options)


def _decide(
    action: Action, correction: Correction, *, session_id: str, reason: str, seen: str | None, actor: str,
    as_json: bool, config_file: Path | None,
) -> None:  # fmt: skip
    with opened(config_file) as office:
        decided = Decision(action, reason, actor, office.now, correction, seen)
        session = ReviewStore(office.database).decide(session_id, decided, office.pricing())
    if as_json:
        row = {name: plain(value) for name, value in session_row(session).items()}
        click.echo(json.dumps(row, ensure_ascii=False, indent=2))
        return
    total = f", {session.bill.total.excl_vat:f} {session.bill.currency} without tax" if session.bill else ""
    click.echo(f"{session.id}: {session.state}{total}")


def _energy(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        quantity = parse_quantity(text)
    except ValueError as error:
        raise InputError(f"--energy: {error}") from error
    if quantity.dimension != "energy":
        raise InputError(f"--energy: {text!r} is no energy; write for example '8.5 kWh'")
    return float(quantity.value)


def _moment(name: str, text: str | None) -> datetime | None:
    return None if text is None else moment(f"--{name.replace('_', '-')}", text)

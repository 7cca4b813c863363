"""`laddvakt alerts ack | silence | unsilence | comment | verdict`: what a person says to alerts."""

from datetime import datetime, timedelta
from pathlib import Path

import click

from monitor.alerts.flat import texts_of
from monitor.alerts.model import Alert
from monitor.alerts.remarks import VERDICTS, Verdict
from monitor.alerts.responses import matching
from monitor.cli.alerts.desk import Desk, end_of, opened
from monitor.cli.alerts.listing import LANGUAGE
from monitor.cli.settings import config_option
from monitor.cli.terminal import Span, by_option
from monitor.errors import InputError

number = click.argument("number", metavar="ID", type=click.IntRange(1))
for_option = click.option("--for", "span", type=Span(), help="how long it counts")
until_option = click.option("--until", metavar="TIME", help="until when; without an offset in the zone of [sessions]")


@click.command()
@number
@click.option("--assignee", default="", help="who sees to it, where that is somebody else")
@click.option("--ticket", default="", help="number of a ticket")
@click.option("--comment", default="", help="anything else")
@for_option
@until_option
@click.option("--withdraw", is_flag=True, help="take the acknowledgement back")
@by_option
@config_option
def ack(
    *, number: int, assignee: str, ticket: str, comment: str, span: timedelta | None, until: str | None, withdraw: bool,
    actor: str, config_file: Path | None,
) -> None:  # fmt: skip
    """Say that somebody sees to alert ID: no reminders and no escalation until it is over, or as long as is said."""
    with opened(config_file) as desk:
        alert = desk.alert(number)
        if withdraw:
            if not desk.responses.withdraw(alert.id, by=actor, at=desk.now):
                raise InputError(f"alert {alert.id} is not acknowledged")
            click.echo(f"alert {alert.id}: nobody sees to it any more")
            return
        said = desk.responses.acknowledge(
            alert.id, by=actor, at=desk.now, until=_later(desk, end_of(desk, span, until)), assignee=assignee,
            ticket=ticket, comment=comment,
        )  # fmt: skip
        until_when = f" until {desk.local(said.until)}" if said.until else ""
        click.echo(f"alert {alert.id} ({_title(alert)}): acknowledged by {actor}{until_when}")


@click.command()
@click.argument("number", metavar="[ID]", type=click.IntRange(1), required=False)
@click.option(
    "--match", "matchers", multiple=True, metavar="NAME=GLOB", help="label, site, rule, level, ...; repeatable"
)
@click.option("--reason", required=True, help="why nobody is told")
@for_option
@until_option
@by_option
@config_option
def silence(
    *, number: int | None, matchers: tuple[str, ...], reason: str, span: timedelta | None, until: str | None,
    actor: str, config_file: Path | None,
) -> None:  # fmt: skip
    """Tell nobody of alerts that match, from now on: those of alert ID's rule at its place, or of all --match."""
    if (number is None) == (not matchers):
        raise click.UsageError("name an alert, or what matches (--match site=malmo-*), one of both")
    with opened(config_file) as desk:
        ends_at = end_of(desk, span, until)
        if ends_at is None:
            raise click.UsageError("a silence needs an end: --for 4h or --until TIME")
        chosen = _matchers(matchers) if number is None else matching(desk.alert(number))
        made = desk.responses.silence(
            chosen, author=actor, reason=reason, starts_at=desk.now, ends_at=ends_at, at=desk.now
        )
        click.echo(
            f"silence {made.id}: until {desk.local(made.ends_at)}; end it with: laddvakt alerts unsilence {made.id}"
        )


@click.command()
@number
@by_option
@config_option
def unsilence(*, number: int, actor: str, config_file: Path | None) -> None:
    """End silence ID now."""
    with opened(config_file) as desk:
        if desk.responses.end_silence(number, by=actor, at=desk.now) is None:
            raise InputError(f"there is no silence {number}")
        click.echo(f"silence {number} is over")


@click.command()
@number
@click.argument("text")
@by_option
@config_option
def comment(*, number: int, text: str, actor: str, config_file: Path | None) -> None:
    """Note TEXT on alert ID, active or over."""
    with opened(config_file) as desk:
        desk.remarks.comment(desk.alert(number).id, text, by=actor, at=desk.now)
        click.echo(f"alert {number}: noted")


@click.command()
@number
@click.argument("verdict", type=click.Choice(VERDICTS), metavar="|".join(VERDICTS))
@click.option("--comment", default="", help="why")
@by_option
@config_option
def judge(*, number: int, verdict: Verdict, comment: str, actor: str, config_file: Path | None) -> None:
    """Say of alert ID, which is over, whether it was right; makes the precision of its rule."""
    with opened(config_file) as desk:
        alert = desk.alert(number)
        desk.remarks.judge(alert.id, verdict, by=actor, at=desk.now, comment=comment)
        tally = desk.remarks.tallies()[alert.rule]
        precision = "not known" if tally.precision is None else f"{tally.precision:.0%}"
        click.echo(f"alert {number}: {verdict}; precision of {alert.rule}: {precision}")


def _matchers(given: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for each in given:
        name, equals, glob = each.partition("=")
        if not (name and equals and glob):
            raise click.UsageError(f"--match {each!r}: write NAME=GLOB, for example site=malmo-*")
        found[name] = (*found.get(name, ()), glob)
    return found


def _later(desk: Desk, at: datetime | None) -> datetime | None:
    if at is not None and at <= desk.now:
        raise InputError(f"{desk.local(at)} is over already")
    return at


def _title(alert: Alert) -> str:
    return texts_of(alert, LANGUAGE).title

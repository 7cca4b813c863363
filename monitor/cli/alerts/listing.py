"""`laddvakt alerts list` and `show`."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import click

from monitor.alerts.flat import alert_row, texts_of
from monitor.alerts.model import Alert
from monitor.cells import jsonable
from monitor.cli.alerts.desk import Desk, opened
from monitor.cli.settings import config_option
from monitor.cli.terminal import inert, table
from monitor.rules.answer import LEVELS, Level
from monitor.state.alert_detail import alert_detail
from monitor.state.alert_order import SORTS, Sort
from monitor.state.timeline import Entry, timeline

STATES = ("active", "pending", "firing", "resolved", "all")
LANGUAGE = "en"
"""Commands are in English; a rule's texts too, where it has them."""


@click.command("list")
@click.option("--state", type=click.Choice(STATES), default="active", show_default=True)
@click.option("--level", type=click.Choice(get_args(Level)), help="only of this level")
@click.option("--site", help="only of this site")
@click.option("--rule", help="only of this rule")
@click.option(
    "--sort", type=click.Choice(SORTS), help="worst first, then the oldest; -id newest first; id oldest first"
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="how many at most")
@click.option("--after", type=click.IntRange(1), metavar="ID", help="go on after this alert of the list before")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
def list_(
    *, state: str, sort: Sort | None, limit: int, after: int | None, as_json: bool, config_file: Path | None,
    **chosen: Any,
) -> None:  # fmt: skip
    """Alerts, the worst first; of resolved ones the newest first."""
    with opened(config_file) as desk:
        # Nothing resolves after now: what is left are the active ones.
        since = desk.now + timedelta(days=1) if state == "active" else None
        stored: Any = None if state in {"active", "all"} else state
        order: Sort = sort or ("-id" if state in {"resolved", "all"} else "worst")
        found = desk.alerts.list(state=stored, since=since, sort=order, after=after, limit=limit + 1, **chosen)
        shown, following = found[:limit], found[limit - 1].id if len(found) > limit else None
        rows = _rows(desk, list(shown))
        if as_json:
            click.echo(json.dumps({"items": jsonable(rows), "next": following}, ensure_ascii=False, indent=2))
            return
        head = ("id", "level", "state", "since", "where", "what", "seen to by")
        table(head, [_line(desk, alert, row) for alert, row in zip(shown, rows, strict=True)])
        if following:
            click.echo(f"more: --after {following}")


@click.command()
@click.argument("number", metavar="ID", type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
def show(*, number: int, as_json: bool, config_file: Path | None) -> None:
    """One alert: what it says, who sees to it, and everything that happened to it in one order."""
    with opened(config_file) as desk:
        alert = desk.alert(number)
        if as_json:
            found = alert_detail(desk.database, alert, texts_of(alert, LANGUAGE), desk.now)
            click.echo(json.dumps(jsonable(found), ensure_ascii=False, indent=2))
            return
        for line in _told(desk, alert):
            click.echo(inert(line))


def _rows(desk: Desk, found: list[Alert]) -> list[dict[str, Any]]:
    said = desk.responses.acknowledged([alert.id for alert in found], desk.now)
    with desk.database.read() as tx:
        muting = desk.responses.muting(tx, desk.now)
    return [alert_row(alert, texts_of(alert, LANGUAGE), said.get(alert.id), muting) for alert in found]


def _line(desk: Desk, alert: Alert, row: dict[str, Any]) -> tuple[str, ...]:
    quiet = "silenced" if row["silenced_until"] else ""
    what = f"{row['title']}: {row['summary']}" if row["summary"] else row["title"]
    return (
        str(alert.id), alert.level, alert.state, desk.local(alert.firing_at or alert.pending_at), alert.subject, what,
        row["acknowledged_by"] or quiet,
    )  # fmt: skip


def _told(desk: Desk, alert: Alert) -> Iterator[str]:
    words = texts_of(alert, LANGUAGE)
    yield f"alert {alert.id}: {words.title} on {alert.subject}, {alert.level}, {alert.state}"
    if words.summary:
        yield f"  {words.summary}"
    if words.cause:
        yield f"  probable cause: {words.cause}"
    yield f"  rule {alert.rule}, labels {' '.join(f'{k}={v}' for k, v in alert.labels.items()) or '-'}"
    if alert.no_data_since and alert.active:
        yield f"  no data since {desk.local(alert.no_data_since)}"
    for entry in timeline(desk.database, alert, desk.now):
        yield f"  {desk.local(entry.at)}  {_happened(desk, entry)}"


def _happened(desk: Desk, entry: Entry) -> str:
    if entry.delivery is not None:
        sent = entry.delivery
        said = f"message ({entry.what}) to {sent.receiver} <{sent.address}>: {sent.state}"
    else:
        level = f" ({entry.level})" if entry.what in {"firing", "level"} and entry.level in LEVELS else ""
        said = (entry.what if entry.kind == "event" else f"{entry.kind} {entry.what}".strip()) + level
    by = f" by {entry.by}" if entry.by else ""
    until = f" until {desk.local(entry.until)}" if entry.until else ""
    text = f": {' '.join(entry.text.split())}" if entry.text else ""
    return f"{said}{by}{until}{text}"

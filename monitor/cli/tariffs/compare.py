"""`laddvakt tariffs compare`: what past sessions would have cost under other prices."""

import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import Progress

from monitor import register
from monitor.authoring.compare import Prices
from monitor.authoring.compare import compare as compared
from monitor.cli.settings import config_option, load
from monitor.cli.tariffs.options import EXISTING
from monitor.errors import InputError
from monitor.sessions.comparison import Comparison
from monitor.state.repricing import Selection
from monitor.tariffs import exact_json
from monitor.tariffs.files import TariffBook, load_files
from monitor.tariffs.rounding import policy_of


@click.command()
@click.argument("file", type=EXISTING)
@click.option("--id", "tariff_id", help="price everything with this tariff of FILE")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="first day of plug-in")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="day before which plug-ins end")
@click.option("--site", help="only sessions at this site")
@click.option("--group", help="only sessions of this user group")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
def compare(
    *,
    file: Path,
    tariff_id: str | None,
    first: datetime | None,
    last: datetime | None,
    site: str | None,
    group: str | None,
    as_json: bool,
    config_file: Path | None,
) -> None:
    """Price the stored sessions again under FILE: its assignments, or without any its one tariff for all."""
    settings = load(config_file)
    sites = register.load(settings.paths.rules / "sites.yaml", settings.sessions.zone)
    book = load_files({str(file): file})
    alone = _alone(book, tariff_id)
    prices = Prices(
        sites, settings.sessions.bill_until, policy_of(settings), book.tariffs[alone] if alone else None, book
    )
    zone = ZoneInfo(settings.sessions.zone)
    start, end = (day.replace(tzinfo=zone) if day else None for day in (first, last))
    with Progress(console=Console(stderr=True), disable=as_json) as bar:
        task = bar.add_task("sessions", total=None)
        found = compared(
            settings.state_url, prices, Selection(start, end, site, group), processes=os.cpu_count() or 1,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )  # fmt: skip
    if as_json:
        click.echo(exact_json.dumps(asdict(found)))
        return
    for line in _told(found):
        click.echo(line)


def _alone(book: TariffBook, tariff_id: str | None) -> str | None:
    """The id of the tariff that prices everything; None: the file's assignments do."""
    if tariff_id is not None and tariff_id not in book.tariffs:
        raise InputError(f"no tariff has the id {tariff_id!r}; there are {', '.join(book.tariffs)}")
    if tariff_id or book.assignments:
        return tariff_id
    if len(book.tariffs) != 1:
        raise InputError("the file has several tariffs and no `assign`; choose one with --id")
    return next(iter(book.tariffs))


def _told(found: Comparison) -> Iterator[str]:
    unit, sums = found.currency, found.totals
    yield f"{found.sessions} sessions compared, {found.not_compared} not (no price, or no tariff for them)"
    for name, said in (("excl", "without tax"), ("incl", "with tax")):
        old, new = sums[f"old_{name}"], sums[f"new_{name}"]
        yield f"  revenue {said}: {old:f} -> {new:f} {unit} ({new - old:+f}{_share(old, new)})"
    if found.break_even is not None:
        yield f"  break-even: the new prices times {found.break_even:f} earn what the old ones did"
    for name, counts in (("sessions", found.sessions_by_change), ("users", found.users_by_change)):
        yield f"  {name}: " + ", ".join(f"{count} {what}" for what, count in counts.items())
    for name, quantiles in (("session", found.change_quantiles), ("user", found.user_change_quantiles)):
        spread = ", ".join(f"{share} {value:+f}" for share, value in quantiles.items())
        yield f"  change a {name} ({unit} with tax): {spread or 'none'}"
    if found.cost_per_user:
        yield "  cost per user: {old_incl:f} -> {new_incl:f} on average".format(**found.cost_per_user)
    for title, rows, key in (
        ("pay less", found.winners, "user"),
        ("pay more", found.losers, "user"),
        ("by hour of plug-in", found.hours, "hour"),
        ("by site", found.sites, "site"),
    ):
        yield f"  {title}:"
        for row in rows:
            yield f"    {row[key]!s:20} {row['sessions']:>8} sessions {row['old_incl']:>14f} -> {row['new_incl']:<14f}"


def _share(old: Decimal, new: Decimal) -> str:
    return f", {100 * (new - old) / old:+.1f} %" if old else ""

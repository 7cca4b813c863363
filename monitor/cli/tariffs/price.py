"""`laddvakt tariffs price`: what CDRs from anywhere and our own sessions cost, line by line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.settings import config_option, load
from monitor.cli.tariffs.options import EXISTING, zone_of
from monitor.cli.tariffs.stored import Tariffs, price_session
from monitor.errors import FileProblems, Problem, UsageError
from monitor.tariffs import cdr as cdrs
from monitor.tariffs import exact_json
from monitor.tariffs.foreign import TariffReader, choose
from monitor.tariffs.priced_cdr import price_cdr, to_json
from monitor.tariffs.rounding import Policy, policy_of


@click.command()
@click.option("--tariff", "tariff_file", type=EXISTING, help="OCPI tariff, YAML or JSON [each CDR's own tariffs]")
@click.option("--cdr", "cdr_file", type=EXISTING, help="one OCPI CDR, an array of them, or one a line")
@click.option("--session", "session_id", help="a stored session of ours, instead of --cdr")
@click.option("--zone", help="IANA time zone of the location [the site's; of a CDR sessions.zone of the configuration]")
@click.option("--lenient", is_flag=True, help="leave out what OCPI does not know, and say so")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
def price(
    *,
    tariff_file: Path | None,
    cdr_file: Path | None,
    session_id: str | None,
    zone: str | None,
    lenient: bool,
    as_json: bool,
    config_file: Path | None,
) -> None:
    """Price the charging periods of CDRs, or a stored session, under a tariff; costs that CDRs state are ignored."""
    if (cdr_file is None) == (session_id is None):
        raise UsageError("give either --cdr FILE or --session ID")
    settings = load(config_file)
    policy = policy_of(settings)
    reader = TariffReader(leave_out=lenient)
    given = reader.of_file(tariff_file) if tariff_file else None
    if session_id is not None:
        answers, several = [price_session(settings, session_id, given, zone, policy)], False
    else:
        assert cdr_file is not None  # one of both was given
        answers, several = _price_cdrs(cdr_file, reader, given, zone_of(zone, settings), policy, lenient=lenient)
    if as_json:
        click.echo(exact_json.dumps(answers if several else answers[0]))
        return
    for answer in answers:
        for line in _told(answer):
            click.echo(line)


def _price_cdrs(
    file: Path, reader: TariffReader, given: Tariffs | None, zone: ZoneInfo, policy: Policy, *, lenient: bool
) -> tuple[list[dict[str, Any]], bool]:
    found, several = cdrs.read(file, leave_out=lenient)
    priced = []
    problems: list[Problem] = []
    for each in found:
        try:
            tariffs, said = given or reader.of_cdr(each)
            tariff, remarks = choose(each.cdr, tariffs, str(file))
            priced.append(to_json(price_cdr(each, tariff, zone, policy, (*said, *remarks)), policy))
        except FileProblems as error:
            problems += error.problems
    if problems:
        raise FileProblems(problems)
    return priced, several


def _told(answer: dict[str, Any]) -> Iterator[str]:
    """A bill for a terminal."""
    currency = answer["currency"]
    used = f"{answer['total_energy']:f} kWh  {answer['total_time']:f} h"
    yield f"{answer['id'] or 'CDR'}  tariff {answer['tariff_id']}  {used}"
    for line in answer["lines"]:
        name = f"{line['dimension']}{' (reservation)' if line['reservation'] else ''}"
        amount = "?" if line["excl_vat"] is None else f"{line['excl_vat']:f}"
        quantity, why = f"{line['quantity']:f} {line['unit']}", line["reason"]["en"]
        yield f"  {name:24} {quantity:>20} x {line['unit_price']:<10f} = {amount:>12} {currency}  {why}"
    total = answer["total_cost"]
    shown = {name: "unknown" if amount is None else f"{amount:f}" for name, amount in total.items() if name != "taxes"}
    yield f"  total {shown['excl_vat']} {currency} without tax, {shown['incl_vat']} {currency} with tax"
    for warning in answer["warnings"]:
        yield f"  note: {warning}"

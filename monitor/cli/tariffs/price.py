"""`laddvakt tariffs price`: what CDRs from anywhere cost, line by line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from monitor.cli.settings import config_option, load
from monitor.cli.tariffs.options import EXISTING, zone_of
from monitor.errors import FileProblems, Problem
from monitor.tariffs import cdr as cdrs
from monitor.tariffs import exact_json
from monitor.tariffs.foreign import TariffReader, choose
from monitor.tariffs.priced_cdr import PricedCdr, price_cdr, to_json
from monitor.tariffs.rounding import policy_of


@click.command()
@click.option("--tariff", "tariff_file", type=EXISTING, help="OCPI tariff, YAML or JSON [each CDR's own tariffs]")
@click.option("--cdr", "cdr_file", type=EXISTING, required=True, help="one OCPI CDR, an array of them, or one a line")
@click.option("--zone", help="IANA time zone of the location [sessions.zone of the configuration]")
@click.option("--lenient", is_flag=True, help="leave out what OCPI does not know, and say so")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
def price(
    *,
    tariff_file: Path | None,
    cdr_file: Path,
    zone: str | None,
    lenient: bool,
    as_json: bool,
    config_file: Path | None,
) -> None:
    """Price the charging periods of CDRs under a tariff; the costs that the CDRs state are ignored."""
    settings = load(config_file)
    policy = policy_of(settings)
    place = zone_of(zone, settings)
    reader = TariffReader(leave_out=lenient)
    given = reader.of_file(tariff_file) if tariff_file else None
    found, several = cdrs.read(cdr_file, leave_out=lenient)
    priced = []
    problems: list[Problem] = []
    for each in found:
        try:
            tariffs, said = given or reader.of_cdr(each)
            tariff, remarks = choose(each.cdr, tariffs, str(cdr_file))
            priced.append(price_cdr(each, tariff, place, policy, (*said, *remarks)))
        except FileProblems as error:
            problems += error.problems
    if problems:
        raise FileProblems(problems)
    if as_json:
        answers = [to_json(bill, policy) for bill in priced]
        click.echo(exact_json.dumps(answers if several else answers[0]))
        return
    for bill in priced:
        for line in _told(bill, to_json(bill, policy)):
            click.echo(line)


def _told(priced: PricedCdr, answer: dict[str, Any]) -> Iterator[str]:
    """A bill for a terminal."""
    currency = answer["currency"]
    used = f"{answer['total_energy']:f} kWh  {answer['total_time']:f} h"
    yield f"{answer['id'] or 'CDR'}  tariff {answer['tariff_id']}  {used}"
    for line in priced.bill.lines:
        name = f"{line.dimension}{' (reservation)' if line.reservation else ''}"
        amount = "?" if line.amount.excl_vat is None else f"{line.amount.excl_vat:f}"
        quantity = f"{line.quantity:f} {line.unit}"
        yield f"  {name:24} {quantity:>20} x {line.unit_price:<10f} = {amount:>12} {currency}  {line.reason['en']}"
    total = answer["total_cost"]
    shown = {name: "unknown" if amount is None else f"{amount:f}" for name, amount in total.items() if name != "taxes"}
    yield f"  total {shown['excl_vat']} {currency} without tax, {shown['incl_vat']} {currency} with tax"
    for warning in answer["warnings"]:
        yield f"  note: {warning}"

"""`laddvakt tariffs check-cdr`: what is wrong with CDRs from elsewhere."""

from pathlib import Path
from typing import Any

import click

from monitor.cli.settings import config_option, load
from monitor.cli.tariffs.options import EXISTING, zone_of
from monitor.cli.tariffs.stored import stored_session
from monitor.errors import InputError
from monitor.sessions.cdr_check import check, to_json
from monitor.tariffs import cdr as cdrs
from monitor.tariffs import exact_json
from monitor.tariffs.foreign import TariffReader, choose
from monitor.tariffs.priced_cdr import price_cdr
from monitor.tariffs.rounding import policy_of


@click.command("check-cdr")
@click.option("--cdr", "cdr_file", type=EXISTING, required=True, help="one OCPI CDR, an array of them, or one a line")
@click.option("--tariff", "tariff_file", type=EXISTING, help="OCPI tariff, YAML or JSON [each CDR's own tariffs]")
@click.option("--zone", help="IANA time zone of the location [sessions.zone of the configuration]")
@click.option("--session", "session_id", help="our session that the one CDR is about, to hold it against the meter")
@click.option("--lenient", is_flag=True, help="leave out what OCPI does not know, and say so")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
@click.pass_context
def check_cdr(
    context: click.Context,
    *,
    cdr_file: Path,
    tariff_file: Path | None,
    zone: str | None,
    session_id: str | None,
    lenient: bool,
    as_json: bool,
    config_file: Path | None,
) -> None:
    """Hold CDRs against their periods, our price and our meter readings. Exit 1 where something differs."""
    settings = load(config_file)
    policy, place = policy_of(settings), zone_of(zone, settings)
    reader = TariffReader(leave_out=lenient)
    given = reader.of_file(tariff_file) if tariff_file else None
    found, several = cdrs.read(cdr_file, leave_out=lenient)
    if session_id and len(found) != 1:
        raise InputError("--session is about one CDR; the file holds several")
    session = stored_session(settings, session_id) if session_id else None
    answers: list[dict[str, Any]] = []
    for each in found:
        tariffs, said = given or reader.of_cdr(each)
        tariff, remarks = choose(each.cdr, tariffs, str(cdr_file))
        priced = price_cdr(each, tariff, place, policy, (*said, *remarks))
        differences = check(priced, place, policy, session, settings.sessions.bill_until)
        answers.append({"id": each.cdr.id, "differences": [to_json(one) for one in differences]})
    if as_json:
        click.echo(exact_json.dumps(answers if several else answers[0]))
    else:
        for answer in answers:
            _tell(answer)
    context.exit(1 if any(answer["differences"] for answer in answers) else 0)


def _tell(answer: dict[str, Any]) -> None:
    click.echo(f"{answer['id'] or 'CDR'}: {len(answer['differences']) or 'no'} differences")
    for each in answer["differences"]:
        numbers = [f"{each[name]:f}" if each[name] is not None else "-" for name in ("stated", "ours")]
        said = f"stated {numbers[0]}, {each['against']} says {numbers[1]}" if numbers != ["-", "-"] else ""
        click.echo(f"  {each['kind']:8} {each['field']:24} {said}  {each['note']}".rstrip())

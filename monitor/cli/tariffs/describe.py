"""`laddvakt tariffs describe`: tariffs in plain words, with examples."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from monitor.cli.settings import config_option, load
from monitor.cli.tariffs.options import EXISTING, zone_of
from monitor.errors import InputError
from monitor.service import RealClock
from monitor.tariffs import exact_json
from monitor.tariffs.describe import describe as sentences
from monitor.tariffs.examples import examples
from monitor.tariffs.files import load as load_tariffs
from monitor.tariffs.foreign import TariffReader
from monitor.tariffs.ocpi import Tariff


@click.command()
@click.argument("file", type=EXISTING, required=False)
@click.option("--id", "tariff_id", help="only the tariff of this id")
@click.option("--language", type=click.Choice(["en", "sv"]), default="en", show_default=True)
@click.option("--zone", help="IANA time zone of the location [sessions.zone of the configuration]")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="examples are of the week from this day on [today]")
@click.option("--lenient", is_flag=True, help="leave out what OCPI does not know, and say so")
@click.option("--json", "as_json", is_flag=True, help="one JSON document instead of text")
@config_option
def describe(
    *,
    file: Path | None,
    tariff_id: str | None,
    language: str,
    zone: str | None,
    on: datetime | None,
    lenient: bool,
    as_json: bool,
    config_file: Path | None,
) -> None:
    """Say the tariffs of FILE (without it: of the configuration) in words: kWh, minute, session, other."""
    settings = load(config_file)
    place = zone_of(zone, settings)
    said: tuple[str, ...] = ()
    if file:
        tariffs, said = TariffReader(leave_out=lenient).of_file(file)
    else:
        tariffs = list(load_tariffs(settings.paths.rules).tariffs.values())
    chosen = [tariff for tariff in tariffs if tariff_id in {None, tariff.id}]
    if tariff_id and not chosen:
        raise InputError(f"no tariff has the id {tariff_id!r}; there are {', '.join(each.id for each in tariffs)}")
    day = (on or RealClock().now()).date()
    told = [_told(tariff, language, place, day) for tariff in chosen]
    if as_json:
        click.echo(exact_json.dumps(told))
        return
    for each in told:
        click.echo(f"{each['id']} ({each['currency']}, version {each['version']})")
        for sentence in (*each["words"], *each["alt_text"], *each["examples"]):
            click.echo(f"  {sentence}.".replace("..", "."))
    for warning in said:
        click.echo(f"note: {warning}")


def _told(tariff: Tariff, language: str, zone: ZoneInfo, day: date) -> dict[str, list[str] | str]:
    texts = [text.text for text in tariff.tariff_alt_text or () if text.language == language]
    return {
        "id": tariff.id,
        "version": tariff.version,
        "currency": tariff.currency,
        "words": sentences(tariff, language, zone),
        "alt_text": texts,
        "examples": list(examples(tariff, language, zone, day)),
    }

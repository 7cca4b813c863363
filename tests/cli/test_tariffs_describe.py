"""`laddvakt tariffs describe`: words and examples."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli import commands
from monitor.errors import InputError

TARIFF = """
tariffs:
  - id: evening
    currency: SEK
    tariff_alt_text: [{language: sv, text: Gratis kaffe}]
    elements:
      - restrictions: {start_time: "17:00", end_time: "20:00", day_of_week: [MONDAY, TUESDAY, WEDNESDAY]}
        price_components: [{type: ENERGY, price: 4, vat: 25}]
      - price_components: [{type: ENERGY, price: 2, vat: 25}, {type: PARKING_TIME, price: 24, vat: 25}]
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "t.yaml").write_text(TARIFF, encoding="utf-8")
    return str(tmp_path / "t.yaml")


def test_swedish_with_examples(file: str) -> None:
    arguments = ["tariffs", "describe", file, "--language", "sv", "--zone", "Europe/Stockholm", "--on", "2026-06-01"]
    result = CliRunner().invoke(commands, arguments, catch_exceptions=False)
    assert result.stdout.splitlines()[1:] == [
        "  Energi: 5,00 SEK per kWh 17:00–20:00 mån–ons; i övrigt 2,50 SEK per kWh.",
        "  Ansluten utan att ladda: 0,50 SEK per minut.",
        "  Priserna innehåller 25 % moms.",
        "  Gratis kaffe.",
        "  20 kWh på 30 min en vardag kl. 17:30 kostar 100,00 SEK.",
        "  20 kWh på 30 min en söndag kl. 03:00 kostar 50,00 SEK.",
        "  30 kWh på 3 h en vardag kl. 09:00, sedan 1 h ansluten utan att ladda kostar 105,00 SEK.",
    ]


def test_json_and_an_id_that_is_not_there(file: str) -> None:
    arguments = ["tariffs", "describe", file, "--json", "--on", "2026-06-01"]
    (told,) = json.loads(CliRunner().invoke(commands, arguments, catch_exceptions=False).stdout)
    assert (told["id"], told["words"][-1], len(told["examples"])) == ("evening", "Prices include 25 % VAT", 3)
    with pytest.raises(InputError, match="no tariff has the id 'day'; there are evening"):
        CliRunner().invoke(commands, [*arguments, "--id", "day"], catch_exceptions=False)

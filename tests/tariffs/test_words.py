"""A tariff in plain words, and amounts as they leave the service."""

from collections.abc import Callable
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from monitor.tariffs.describe import describe
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.rounding import currency_digits, rounded
from monitor.tariffs.words import money, span, when

MakeTariff = Callable[..., Tariff]

FULL = """\
- restrictions: {reservation: RESERVATION_EXPIRES}
  price_components: [{type: FLAT, price: 40, vat: 25}]
- restrictions: {reservation: RESERVATION}
  price_components: [{type: TIME, price: 24, vat: 25, step_size: 600}]
- restrictions: {start_time: "09:00", end_time: "17:00", day_of_week: [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY]}
  price_components: [{type: ENERGY, price: 4, vat: 25, step_size: 500}]
- price_components: [{type: ENERGY, price: 3.2, vat: 25}, {type: FLAT, price: 4, vat: 25}]
- restrictions: {min_duration: 5400}
  price_components: [{type: PARKING_TIME, price: 10, vat: 25, step_size: 60}]
- price_components: [{type: ENERGY, price: 99, vat: 25}]"""


def test_a_tariff_in_english_and_swedish(tariff: MakeTariff) -> None:
    rules = tariff(FULL, "min_price: {excl_vat: 8, incl_vat: 10}\nmax_price: {excl_vat: 800}")
    assert describe(rules, "en") == [
        "Energy: 5,00 SEK per kWh 09:00–17:00 weekdays (in steps of 500 Wh); otherwise 4,00 SEK per kWh",
        "Connected without charging: 12,50 SEK per hour after 1 h 30 min",
        "Start fee: 5,00 SEK",
        "Reservation: 0,50 SEK per minute (in steps of 10 min)",
        "Reservation fee: 50,00 SEK if the reservation is not used",
        "At least 10,00 SEK per session",
        "At most 800,00 SEK per session without VAT",
        "Prices include 25 % VAT",
    ]
    assert describe(rules, "sv") == [
        "Energi: 5,00 SEK per kWh 09:00–17:00 mån–fre (i steg om 500 Wh); i övrigt 4,00 SEK per kWh",
        "Ansluten utan att ladda: 12,50 SEK per timme efter 1 h 30 min",
        "Startavgift: 5,00 SEK",
        "Reservation: 0,50 SEK per minut (i steg om 10 min)",
        "Reservationsavgift: 50,00 SEK om reservationen inte utnyttjas",
        "Minst 10,00 SEK per session",
        "Högst 800,00 SEK per session utan moms",
        "Priserna innehåller 25 % moms",
    ]


def test_free_mixed_and_without_vat(tariff: MakeTariff) -> None:
    assert describe(tariff("- price_components: [{type: FLAT, price: 0}]"), "en") == ["Free of charge"]
    assert describe(tariff("- price_components: [{type: FLAT, price: 1}]"), "sv")[-1] == "Ingen moms tillkommer"
    mixed = tariff("- price_components: [{type: FLAT, price: 1, vat: 6}, {type: ENERGY, price: 1, vat: 12.5}]")
    assert describe(mixed, "sv")[-1] == "Priserna innehåller moms (6–12,5 %)"


def test_what_costs_nothing_where_no_restriction_holds_is_said(tariff: MakeTariff) -> None:
    day = tariff('- restrictions: {start_time: "06:00"}\n  price_components: [{type: ENERGY, price: 4, vat: 25}]')
    assert describe(day, "en")[0] == "Energy: 5,00 SEK per kWh from 06:00; otherwise free of charge"
    assert describe(day, "sv")[0] == "Energi: 5,00 SEK per kWh från 06:00; i övrigt gratis"
    late = "- restrictions: {min_duration: 900}\n  price_components: [{type: PARKING_TIME, price: 60, vat: 25}]"
    assert describe(tariff(late), "en")[0] == "Connected without charging: 1,25 SEK per minute after 15 min"


def test_taxes_validity_and_what_is_held_on_the_card(tariff: MakeTariff) -> None:
    partly = tariff("- price_components: [{type: FLAT, price: 1, vat: 25}, {type: ENERGY, price: 1}]")
    assert describe(partly, "en")[-1] == "Prices include VAT (0–25 %)"
    times = "start_date_time: 2026-01-01T00:00:00Z\nend_date_time: 2026-06-01T00:00:00Z"
    bounded = tariff("- price_components: [{type: FLAT, price: 1}]", f"{times}\npreauthorize_amount: 200")
    assert describe(bounded, "en", ZoneInfo("Europe/Stockholm"))[1:] == [
        "200,00 SEK are held on the payment card at the start",
        "Valid from 2026-01-01 01:00, until 2026-06-01 02:00",
        "No VAT applies",
    ]
    assert describe(bounded, "sv")[-2] == "Gäller från 2026-01-01 00:00, till 2026-06-01 00:00"


@pytest.mark.parametrize(
    ("restriction", "english", "swedish"),
    [
        ('start_time: "22:00", end_time: "06:00"', "22:00–06:00", "22:00–06:00"),
        ('start_time: "17:00"', "from 17:00", "från 17:00"),
        ('end_time: "09:00"', "until 09:00", "till 09:00"),
        ("day_of_week: [SUNDAY, SATURDAY]", "weekends", "lör–sön"),
        ("day_of_week: [MONDAY, TUESDAY, FRIDAY]", "Mon–Tue, Fri", "mån–tis, fre"),
        ("start_date: 2026-06-01, end_date: 2026-09-01", "2026-06-01 to 2026-08-31", "2026-06-01 till 2026-08-31"),
        ("start_date: 2026-12-24, end_date: 2026-12-25", "2026-12-24", "2026-12-24"),
        ("start_date: 2026-06-01", "from 2026-06-01", "från 2026-06-01"),
        ("end_date: 2026-06-01", "until 2026-05-31", "till 2026-05-31"),
        ("min_kwh: 20, max_kwh: 50.5", "20 kWh – 50,5 kWh", "20 kWh – 50,5 kWh"),
        ("min_duration: 0, max_duration: 1800", "first 30 min", "första 30 min"),
        ("min_power: 16", "at 16 kW and more", "vid 16 kW och mer"),
        ("max_current: 32", "below 32 A", "under 32 A"),
        ("min_power: 16, max_power: 32", "at 16 kW – 32 kW", "vid 16 kW – 32 kW"),
    ],
)
def test_restrictions_in_words(restriction: str, english: str, swedish: str, tariff: MakeTariff) -> None:
    rules = tariff(f"- restrictions: {{{restriction}}}\n  price_components: [{{type: FLAT, price: 1}}]")
    limits = rules.elements[0].restrictions
    assert (when(limits, "en"), when(limits, "sv")) == (english, swedish)


def test_amounts_and_spans() -> None:
    assert [money(Decimal(text)) for text in ("5", "4.9", "0.0333", "1E+2")] == [
        "5,00",
        "4,90",
        "0,0333",
        "100,00",
    ]
    assert [span(seconds) for seconds in (0, 45, 90, 3600, 5400)] == ["0 s", "45 s", "1 min 30 s", "1 h", "1 h 30 min"]


def test_rounding_on_output_is_half_up_in_the_currencys_digits() -> None:
    assert rounded(Decimal("0.55025"), 4) == Decimal("0.5503")
    assert rounded(Decimal("-0.005"), 2) == Decimal("-0.01")
    crowns = [rounded(Decimal(text), currency_digits("SEK")) for text in ("1.005", "2.0049999")]
    assert crowns == [Decimal("1.01"), Decimal("2.00")]
    assert rounded(Decimal("10.5"), currency_digits("ISK")) == Decimal(11)

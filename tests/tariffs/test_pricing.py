"""The rules of pricing one by one: what holds when, where a session is split, what is rounded."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from zoneinfo import ZoneInfo

import pytest

from monitor.tariffs.model import Amount, Bill, Usage, UsagePeriod
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.pricing import price

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MONDAY = datetime(2026, 1, 12, 12, tzinfo=STOCKHOLM)
MakeTariff = Callable[..., Tariff]
MakeSession = Callable[..., Usage]


def quantities(bill: Bill) -> dict[tuple[str, int | None], Decimal]:
    return {(line.dimension, line.element): line.quantity for line in bill.lines}


@pytest.mark.parametrize(
    ("restriction", "priced"),
    [
        ("max_kwh: 8", "8"),
        ("min_kwh: 8", "12"),
        ("min_kwh: 5, max_kwh: 8", "3"),
        ("min_kwh: 20", None),
        ("max_duration: 900", "5"),
        ("min_duration: 900", "15"),
        ("min_duration: 3600", None),
        ('start_time: "12:30"', "10"),
        ('end_time: "12:30"', "10"),
        ('start_time: "22:00", end_time: "12:15"', "5"),
        ('start_time: "12:00", end_time: "12:00"', "20"),
        ('start_time: "13:00"', None),
        ('end_time: "00:00"', "20"),
        ("day_of_week: [MONDAY]", "20"),
        ("day_of_week: [TUESDAY, SUNDAY]", None),
        ("day_of_week: []", "20"),
        ("start_date: 2026-01-12", "20"),
        ('start_date: "2026-01-13"', None),
        ("end_date: 2026-01-12", None),
        ("end_date: 2026-01-13", "20"),
        ("min_power: 20", "20"),
        ("max_power: 20", None),
        ("min_power: 20.001", None),
        ("min_current: 0", None),  # the current is not known
        ("max_current: 100", None),
        ('max_kwh: 8, start_time: "12:15"', "3"),
        ("max_kwh: 8, min_duration: 1440", None),
    ],
)
def test_restrictions_of_an_hour_at_20_kw(
    restriction: str, priced: str | None, tariff: MakeTariff, session: MakeSession
) -> None:
    rules = tariff(f"- restrictions: {{{restriction}}}\n  price_components: [{{type: ENERGY, price: 1}}]")
    bill = price(session(MONDAY, ("charging", 60, 20)), rules, STOCKHOLM)
    assert quantities(bill) == ({} if priced is None else {("ENERGY", 0): Decimal(priced)})
    assert bool(bill.warnings) == ("current" in restriction)


def test_the_first_element_with_the_dimension_prices_it_and_others_price_theirs(
    tariff: MakeTariff, session: MakeSession
) -> None:
    rules = tariff(
        "- restrictions: {max_kwh: 5}\n  price_components: [{type: ENERGY, price: 1}]\n"
        "- price_components: [{type: ENERGY, price: 2}, {type: TIME, price: 3}]\n"
        "- price_components: [{type: ENERGY, price: 9}, {type: TIME, price: 9}, {type: FLAT, price: 7}]"
    )
    bill = price(session(MONDAY, ("charging", 60, 20)), rules, STOCKHOLM)
    assert quantities(bill) == {
        ("ENERGY", 0): Decimal(5),
        ("ENERGY", 1): Decimal(15),
        ("TIME", 1): Decimal(1),
        ("FLAT", 2): Decimal(1),
    }
    assert [line.reason["en"] for line in bill.lines] == ["first 5 kWh", "otherwise", "always", "once per session"]
    assert [line.reason["sv"] for line in bill.lines] == ["första 5 kWh", "i övrigt", "alltid", "en gång per session"]
    assert [(period.element, period.label) for period in bill.periods] == [
        (0, "1,00 SEK/kWh + 0,05 SEK/min"),
        (1, "2,00 SEK/kWh + 0,05 SEK/min"),
    ]
    assert bill.periods[0].end == bill.periods[1].start == MONDAY + timedelta(minutes=15)


def test_pieces_of_one_price_are_one_line(tariff: MakeTariff, session: MakeSession) -> None:
    rules = tariff(
        '- restrictions: {start_time: "22:00", end_time: "06:00"}\n  price_components: [{type: ENERGY, price: 1}]\n'
        "- price_components: [{type: ENERGY, price: 2}]"
    )
    usage = session(MONDAY.replace(hour=5), *[("charging", 60, 1)] * 24)
    bill = price(usage, rules, STOCKHOLM)
    assert quantities(bill) == {("ENERGY", 0): Decimal(8), ("ENERGY", 1): Decimal(16)}
    assert [period.element for period in bill.periods] == [0, 1, 0]


def test_kinds_of_time(tariff: MakeTariff, session: MakeSession) -> None:
    rules = tariff(
        "- price_components: [{type: TIME, price: 1, step_size: 0}, {type: PARKING_TIME, price: 1, step_size: 0}]"
    )
    bill = price(session(MONDAY, ("charging", 30, 5), ("neither", 15, 0), ("parking", 6, 0)), rules, STOCKHOLM)
    assert quantities(bill) == {("TIME", 0): Decimal("0.5"), ("PARKING_TIME", 0): Decimal("0.1")}
    assert (bill.total_time_h, bill.total_parking_h) == (Decimal("0.85"), Decimal("0.1"))


@pytest.mark.parametrize(
    ("steps", "time_h", "parking_h"),
    [
        # After parking was billed its total alone is rounded, whichever came last.
        ([("charging", 21, 1), ("parking", 16, 0)], Decimal(21) / 60, "0.5"),
        ([("parking", 16, 0), ("charging", 21, 1)], Decimal(21) / 60, "0.5"),
        ([("charging", 21, 1)], "0.5", None),
        ([("charging", 30, 1)], "0.5", None),
    ],
)
def test_step_size_of_time(
    steps: list[tuple[str, int, int]],
    time_h: Decimal | str,
    parking_h: str | None,
    tariff: MakeTariff,
    session: MakeSession,
) -> None:
    rules = tariff(
        "- price_components: [{type: TIME, price: 1, step_size: 600}, {type: PARKING_TIME, price: 2, step_size: 900}]"
    )
    got = quantities(price(session(MONDAY, *steps), rules, STOCKHOLM))
    assert got["TIME", 0] == Decimal(time_h)
    assert got.get(("PARKING_TIME", 0)) == (None if parking_h is None else Decimal(parking_h))


def test_step_size_rounds_the_total_once_at_the_last_price(tariff: MakeTariff, session: MakeSession) -> None:
    # mod_cdrs: 4.3 kWh before 17:00 and 1.1 kWh after it are 5.5 kWh in steps of 500 Wh.
    rules = tariff(
        '- restrictions: {end_time: "17:00"}\n  price_components: [{type: ENERGY, price: 0.20, step_size: 700}]\n'
        "- price_components: [{type: ENERGY, price: 0.27, step_size: 500}]"
    )
    usage = session(MONDAY.replace(hour=16), ("charging", 60, "4.3"), ("charging", 60, "1.1"), ("parking", 60, 0))
    bill = price(usage, rules, STOCKHOLM)
    assert quantities(bill) == {("ENERGY", 0): Decimal("4.3"), ("ENERGY", 1): Decimal("1.2")}
    assert bill.lines[1].reason["en"] == "otherwise; rounded up to whole 500 Wh"


def test_step_size_goes_to_the_price_that_was_used_last_not_to_the_last_element(
    tariff: MakeTariff, session: MakeSession
) -> None:
    # ocpi/ocpi issue 494: 3 kWh each at 10 A, 40 A and 10 A again, in steps of 10 kWh.
    rules = tariff(
        "- restrictions: {max_current: 20}\n  price_components: [{type: ENERGY, price: 2, step_size: 10000}]\n"
        "- price_components: [{type: ENERGY, price: 5, step_size: 10000}]"
    )
    usage = session(MONDAY, *[("charging", 60, 3, None, current) for current in (10, 40, 10)])
    assert price(usage, rules, STOCKHOLM).total.excl_vat == 29


def test_noise_of_binary_fractions_costs_no_step(tariff: MakeTariff, session: MakeSession) -> None:
    rules = tariff("- price_components: [{type: ENERGY, price: 1, step_size: 100}]")
    noisy = str(0.1 + 0.2)
    assert noisy != "0.3"
    assert price(session(MONDAY, ("charging", 60, noisy)), rules, STOCKHOLM).total.excl_vat == Decimal("0.3")


def test_flat_is_taken_once_at_the_first_moment_at_which_one_holds(tariff: MakeTariff, session: MakeSession) -> None:
    rules = tariff(
        "- restrictions: {min_duration: 3600}\n  price_components: [{type: FLAT, price: 50}]\n"
        '- restrictions: {start_time: "12:30"}\n  price_components: [{type: FLAT, price: 10}]'
    )
    assert price(session(MONDAY, ("charging", 20, 5)), rules, STOCKHOLM).lines == ()
    bill = price(session(MONDAY, ("charging", 120, 5)), rules, STOCKHOLM)
    assert bill.total.excl_vat == 10
    assert bill.lines[0].start == MONDAY + timedelta(minutes=30)


def test_a_session_of_no_length(tariff: MakeTariff) -> None:
    rules = tariff(
        "- restrictions: {min_kwh: 1}\n  price_components: [{type: FLAT, price: 5}]\n"
        "- restrictions: {max_power: 50, max_current: 16}\n  price_components: [{type: FLAT, price: 3, vat: 25}]",
        "min_price: {excl_vat: 4}",
    )
    bill = price(Usage(MONDAY, MONDAY, ()), rules, STOCKHOLM)
    assert [(line.dimension, line.amount.excl_vat) for line in bill.lines] == [("FLAT", 3), ("MIN_PRICE", 1)]
    assert (bill.total_energy_kwh, bill.total_time_h, bill.periods) == (0, 0, ())


def test_no_vat_is_not_zero_percent_but_costs_the_same(tariff: MakeTariff, session: MakeSession) -> None:
    rules = tariff(
        "- price_components: [{type: ENERGY, price: 1}, {type: TIME, price: 1, vat: 0}]\n"
        "- price_components: [{type: FLAT, price: 1, vat: 25}]"
    )
    bill = price(session(MONDAY, ("charging", 60, 1)), rules, STOCKHOLM)
    assert [line.vat_percent for line in bill.lines] == [None, 0, 25]
    assert bill.total == Amount(Decimal(3), Decimal("3.25"))


@pytest.mark.parametrize(
    ("head", "kwh", "expected"),
    [
        ("min_price: {excl_vat: 8, incl_vat: 10}", 1, ((8, 10), ("MIN_PRICE", 6, "7.8"))),
        ("min_price: {excl_vat: 8}", 1, ((8, "8.8"), ("MIN_PRICE", 6, "6.6"))),
        ("min_price: {excl_vat: 1, incl_vat: 3}", 1, ((2, 3), ("MIN_PRICE", 0, "0.8"))),
        ("min_price: {excl_vat: 2, incl_vat: 2.2}", 1, ((2, "2.2"), None)),
        ("max_price: {excl_vat: 10, incl_vat: 11}", 50, ((10, 11), ("MAX_PRICE", -90, -99))),
        ("max_price: {excl_vat: 200, incl_vat: 50}", 50, ((100, 50), ("MAX_PRICE", 0, -60))),
        ("max_price: {excl_vat: 100, incl_vat: 110}", 50, ((100, 110), None)),
    ],
)
def test_price_limits_are_lines(
    head: str,
    kwh: int,
    expected: tuple[tuple[int, int | str], tuple[str, int, int | str] | None],
    tariff: MakeTariff,
    session: MakeSession,
) -> None:
    total, limit = expected
    rules = tariff("- price_components: [{type: ENERGY, price: 2, vat: 10}]", head)
    bill = price(session(MONDAY, ("charging", 60, kwh)), rules, STOCKHOLM)
    assert bill.total == Amount(Decimal(total[0]), Decimal(total[1]))
    lines = [(line.dimension, line.amount) for line in bill.lines if line.element is None]
    assert lines == ([] if limit is None else [(limit[0], Amount(Decimal(limit[1]), Decimal(limit[2])))])


def test_a_limit_whose_vat_nobody_can_know(tariff: MakeTariff, session: MakeSession) -> None:
    rules = tariff(
        "- price_components: [{type: ENERGY, price: 2, vat: 10}, {type: FLAT, price: 1, vat: 25}]",
        "min_price: {excl_vat: 8}",
    )
    assert price(session(MONDAY, ("charging", 60, 1)), rules, STOCKHOLM).total == Amount(Decimal(8), None)
    assert price(session(MONDAY, ("charging", 60, 9)), rules, STOCKHOLM).total.incl_vat == Decimal("21.05")


def test_a_reservation_is_a_pass_of_its_own(tariff: MakeTariff, session: MakeSession) -> None:
    rules = tariff(
        "- restrictions: {reservation: RESERVATION, max_duration: 600}\n"
        "  price_components: [{type: TIME, price: 6, step_size: 300}, {type: FLAT, price: 2}]\n"
        "- restrictions: {reservation: RESERVATION_EXPIRES}\n"
        "  price_components: [{type: TIME, price: 12, step_size: 300}, {type: FLAT, price: 9}]\n"
        "- restrictions: {max_duration: 600}\n  price_components: [{type: ENERGY, price: 1}, {type: FLAT, price: 3}]",
        "min_price: {excl_vat: 30}",
    )
    usage = session(MONDAY, ("reservation", 12, 0), ("charging", 10, 4), ("charging", 10, 4))
    bill = price(usage, rules, STOCKHOLM)
    assert [(line.dimension, line.reservation, line.amount.excl_vat) for line in bill.lines] == [
        ("ENERGY", False, 4),  # durations of the session count from the end of the reservation
        ("FLAT", False, 3),
        ("TIME", True, 1),
        ("FLAT", True, 2),
        ("MIN_PRICE", False, 20),
    ]
    assert bill.by_kind["reservation"].excl_vat == 3
    assert bill.by_kind["fixed"].excl_vat == 3
    assert round(bill.total_time_h, 6) == round(Decimal(20) / 60, 6)

    expired = price(session(MONDAY, ("reservation", 12, 0)), rules, STOCKHOLM)
    assert [(line.dimension, line.amount.excl_vat) for line in expired.lines] == [("TIME", 3), ("FLAT", 9)]
    assert expired.total_time_h == 0


def test_volumes_that_a_cdr_states_are_what_counts(tariff: MakeTariff) -> None:
    rules = tariff(
        "- restrictions: {max_duration: 1800}\n  price_components: [{type: TIME, price: 1, step_size: 0}]\n"
        "- price_components: [{type: TIME, price: 2, step_size: 0}]"
    )
    hour = UsagePeriod(MONDAY, MONDAY + timedelta(hours=1), "charging", Decimal(0), time_s=Decimal("3000"))
    bill = price(Usage(hour.start, hour.end, (hour,)), rules, STOCKHOLM)
    assert quantities(bill) == {
        ("TIME", 0): round(Decimal(1500) / 3600, 12),
        ("TIME", 1): round(Decimal(1500) / 3600, 12),
    }


def test_energy_given_back_crosses_borders_downwards(tariff: MakeTariff, session: MakeSession) -> None:
    rules = tariff(
        "- restrictions: {min_kwh: 6}\n  price_components: [{type: ENERGY, price: 3, step_size: 0}]\n"
        "- price_components: [{type: ENERGY, price: 1, step_size: 0}]"
    )
    bill = price(session(MONDAY, ("charging", 60, 10), ("neither", 60, -10)), rules, STOCKHOLM)
    assert bill.total.excl_vat == 0


def test_the_callers_decimal_context_does_not_matter(tariff: MakeTariff, session: MakeSession) -> None:
    rules = tariff("- price_components: [{type: ENERGY, price: 0.3333, vat: 25}]")
    usage = session(MONDAY, ("charging", 60, "12345.678"))
    with localcontext(prec=4):
        rough = price(usage, rules, STOCKHOLM)
    assert rough == price(usage, rules, STOCKHOLM)


@pytest.mark.parametrize(
    ("zone", "start", "hours", "border_and_priced"),
    [
        ("Europe/Stockholm", "2026-03-29T00:00:00+01:00", 23, (("02:00", "03:00"), 0)),
        ("Europe/Stockholm", "2026-03-29T00:00:00+01:00", 23, (("02:30", "03:30"), "0.5")),
        ("Europe/Stockholm", "2026-10-25T00:00:00+02:00", 25, (("02:00", "03:00"), 2)),
        ("Europe/Stockholm", "2026-10-25T00:00:00+02:00", 25, (("02:30", "03:00"), 1)),
        ("Europe/Stockholm", "2026-10-25T00:00:00+02:00", 25, (("02:30", "03:30"), "1.5")),
        ("Europe/Lisbon", "2026-03-29T00:00:00+00:00", 23, (("01:00", "02:00"), 0)),
        ("Europe/London", "2026-10-25T00:00:00+01:00", 25, (("01:15", "01:45"), 1)),
        ("Australia/Lord_Howe", "2026-04-05T00:00:00+11:00", "24.5", (("01:30", "02:00"), 1)),
        ("Pacific/Apia", "2011-12-29T00:00:00-10:00", 48, (("00:00", "01:00"), 2)),  # the 30th never was
    ],
)
def test_days_on_which_clocks_change(
    zone: str, start: str, hours: int | str, border_and_priced: tuple[tuple[str, str], int | str], tariff: MakeTariff
) -> None:
    border, priced_h = border_and_priced
    rules = tariff(
        f'- restrictions: {{start_time: "{border[0]}", end_time: "{border[1]}"}}\n'
        "  price_components: [{type: TIME, price: 1, step_size: 0}]"
    )
    begin = datetime.fromisoformat(start)
    whole = UsagePeriod(begin, begin + timedelta(hours=float(hours)), "charging", Decimal(0))
    bill = price(Usage(whole.start, whole.end, (whole,)), rules, ZoneInfo(zone))
    assert bill.total.excl_vat == Decimal(priced_h)


def test_weekday_and_date_turn_at_local_midnight(tariff: MakeTariff) -> None:
    rules = tariff(
        '- restrictions: {start_time: "22:00", end_time: "06:00", day_of_week: [THURSDAY], end_date: 2027-01-01}\n'
        "  price_components: [{type: TIME, price: 1, step_size: 0}]\n"
        "- restrictions: {start_date: 2027-01-01}\n  price_components: [{type: TIME, price: 10, step_size: 0}]"
    )
    begin = datetime(2026, 12, 31, 17, tzinfo=UTC)  # 18:00 on a Thursday in Stockholm
    whole = UsagePeriod(begin, begin + timedelta(hours=12), "charging", Decimal(0))
    bill = price(Usage(whole.start, whole.end, (whole,)), rules, STOCKHOLM)
    assert quantities(bill) == {("TIME", 0): Decimal(2), ("TIME", 1): Decimal(6)}


def test_ten_days_without_energy(tariff: MakeTariff, session: MakeSession) -> None:
    rules = tariff(
        '- restrictions: {start_time: "08:00", end_time: "18:00", day_of_week: [MONDAY, SATURDAY]}\n'
        "  price_components: [{type: PARKING_TIME, price: 1, step_size: 60}]"
    )
    bill = price(session(MONDAY, ("parking", 14400, 0)), rules, STOCKHOLM)
    # From Monday noon to the Thursday after next: 6 h, Saturday 10 h, Monday 10 h.
    assert quantities(bill) == {("PARKING_TIME", 0): Decimal(26)}
    assert bill.lines[0].reason["sv"] == "08:00–18:00 mån, lör"

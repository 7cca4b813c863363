"""A session gets its price, or the reason why a person has to look first."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from monitor.sessions.billing import NO_TARIFF, bill, usage_of
from monitor.tariffs.files import TariffBook


def test_a_finished_visit_is_priced(paper: Any, charger: Any, book: TariffBook, register: Any) -> None:
    (session,) = paper.write(charger.visit()).read(200)
    priced = bill(session, book, register, "plug_out")
    assert priced.state == "priced"
    assert priced.bill is not None
    assert {line.dimension: round(line.quantity, 9) for line in priced.bill.lines} == {
        "ENERGY": Decimal("11"), "TIME": Decimal(1), "PARKING_TIME": Decimal("0.833333333"), "FLAT": Decimal(1),
    }  # fmt: skip
    assert priced.bill.total.excl_vat == Decimal(33 + 6 + 10 + 4)
    assert "public.yaml" in priced.tariff_reason


def test_billed_until_the_stop_parking_after_it_is_free(paper: Any, charger: Any, book: Any, register: Any) -> None:
    (session,) = paper.write(charger.visit()).read(200)
    usage = usage_of(session, "stopped")
    assert usage.end == session.stopped
    assert sum(p.energy_wh for p in usage.periods) == Decimal(11_000)
    priced = bill(session, book, register, "stopped")
    assert priced.bill is not None
    assert round(priced.bill.total_parking_h, 9) == Decimal("0.333333333")


def test_a_session_under_way_has_its_price_so_far(paper: Any, charger: Any, book: Any, register: Any) -> None:
    charger.status(0, "Preparing").start(2, 1_000, group="staff").status(2, "Charging").charge(2, 32, 1_000, 12.0)
    (session,) = paper.write(charger).read(32)
    so_far = bill(session, book, register, "plug_out")
    assert so_far.state == "open"
    assert so_far.bill is not None
    assert so_far.bill.total.excl_vat == Decimal("18") + 3 + 4


def test_without_a_tariff_it_stays_unpriced_and_says_so(paper: Any, charger: Any, book: Any, register: Any) -> None:
    (session,) = paper.write(charger.visit()).read(200)
    unpriced = bill(replace(session, group="guests"), book, register, "plug_out")
    assert (unpriced.state, unpriced.bill, unpriced.tariff_reason) == ("open", None, NO_TARIFF)


def test_a_doubtful_session_is_never_priced(paper: Any, charger: Any, book: Any, register: Any) -> None:
    charger.start(0, 0, group="staff").status(0, "Charging").meter(1, 910_000, 5.0).meter(2, 910_083, 5.0)
    paper.write(charger)
    (session,) = paper.read(2)
    under_way = bill(session, book, register, "plug_out")
    assert (under_way.state, under_way.bill, under_way.details["review"]) == ("open", None, "register_jump")
    charger.rows.clear()
    (session,) = paper.write(charger.stop(3, 910_083).status(3, "Available")).read(60)
    closed = bill(session, book, register, "plug_out")
    assert closed.needs_review
    assert closed.bill is None
    assert closed.details["review"] == "register_jump"


def test_unknown_energy_goes_to_review_and_is_not_0(paper: Any, charger: Any, book: Any, register: Any) -> None:
    charger.start(0, None, group="staff").status(0, "Charging").stop(30, None).status(31, "Available")
    (session,) = paper.write(charger).read(60)
    closed = bill(session, book, register, "plug_out")
    assert closed.needs_review
    assert closed.details["review"] == "energy_unknown"


def test_a_session_of_0_s_costs_its_start_fee(paper: Any, charger: Any, book: Any, register: Any) -> None:
    charger.start(0, 1_000, group="staff").stop(0, 1_000).status(0, "Available")
    (session,) = paper.write(charger).read(60)
    priced = bill(session, book, register, "plug_out")
    assert priced.bill is not None
    assert priced.bill.total.excl_vat == 4


def test_the_energies_of_the_usage_sum_to_the_session_exactly(paper: Any, charger: Any) -> None:
    charger.start(0, 1_000).status(0, "Charging")
    for minute in range(1, 100):
        charger.meter(minute, 1_000 + minute * 33.333, 2.0)
    (session,) = paper.write(charger.stop(100, 4_333.3).status(101, "Available")).read(120)
    usage = usage_of(session, "plug_out")
    assert sum(period.energy_wh for period in usage.periods) == Decimal("3333.3")
    assert usage.start == session.started
    assert all(one.end == other.start for one, other in zip(usage.periods, usage.periods[1:], strict=False))
    assert all(period.end - period.start > timedelta(0) for period in usage.periods)


def test_each_extra_service_is_a_line_of_its_own(paper: Any, charger: Any, book: TariffBook, register: Any) -> None:
    (session,) = paper.write(charger.visit()).read(200)
    wash = {"name": "Car wash", "price": "80.5", "vat": "25", "quantity": "2"}
    sold = (wash, {"name": "Coffee", "price": "free"}, {"price": "10", "currency": "EUR"})
    priced = bill(replace(session, services=sold), book, register, "plug_out")
    assert priced.bill is not None
    line = priced.bill.lines[-1]
    assert (line.dimension, line.quantity, line.unit_price, line.reason["sv"]) == (
        "SERVICE",
        2,
        Decimal("80.5"),
        "Car wash",
    )
    assert (line.amount.excl_vat, line.amount.incl_vat) == (161, Decimal("201.25"))
    assert priced.bill.total.excl_vat == Decimal(33 + 6 + 10 + 4 + 161)
    assert priced.bill.by_kind["fixed"].excl_vat == 4 + 161
    assert priced.bill.warnings == (
        "the service 'Coffee' has no price that can be read: it was not billed",
        "the service 'service 3' is in EUR, the tariff in SEK: not billed",
    )

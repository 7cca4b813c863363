"""Random tariffs, and sessions around moments at which something turns."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from monitor.tariffs.model import Service, Usage, UsagePeriod
from monitor.tariffs.ocpi import WEEKDAYS, Element, Price, PriceComponent, Restrictions, Tariff

ZONES = ("Europe/Stockholm", "Europe/London", "Europe/Lisbon", "Pacific/Apia")
MOMENTS = (
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # clocks go forward in Europe
    datetime(2026, 10, 25, 1, tzinfo=UTC),  # and back
    datetime(2025, 12, 31, 23, tzinfo=UTC),  # a year ends in Stockholm
    datetime(2011, 12, 30, 10, tzinfo=UTC),  # Apia has no 30 December
    datetime(2026, 6, 15, 22, tzinfo=UTC),
)
TIMES = ("00:00", "00:05", "01:00", "01:30", "02:00", "02:10", "02:30", "03:00", "23:50")
DATES = (date(2011, 12, 31), date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 29), date(2026, 10, 26))

prices = st.integers(0, 999).map(lambda cents: Decimal(cents) / 100)


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.none() | strategy


@st.composite
def bounds(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> tuple[Any, Any]:
    low, high = draw(_maybe(values)), draw(_maybe(values))
    return (low, high) if low is None or high is None or low < high else (low, None)


@st.composite
def restrictions(draw: st.DrawFn) -> Restrictions:
    kwh = draw(bounds(st.integers(0, 9).map(lambda tenths: Decimal(tenths) / 10)))
    duration = draw(bounds(st.integers(0, 900)))
    power = draw(bounds(st.integers(0, 4).map(lambda step: Decimal(step) * 10)))
    current = draw(bounds(st.integers(0, 4).map(lambda step: Decimal(step) * 16)))
    days = draw(bounds(st.sampled_from(DATES)))
    return Restrictions(
        start_time=draw(_maybe(st.sampled_from(TIMES).map(time.fromisoformat))),
        end_time=draw(_maybe(st.sampled_from(TIMES).map(time.fromisoformat))),
        start_date=days[0], end_date=days[1], min_kwh=kwh[0], max_kwh=kwh[1],
        min_duration=duration[0], max_duration=duration[1], min_power=power[0], max_power=power[1],
        min_current=current[0], max_current=current[1],
        day_of_week=draw(_maybe(st.lists(st.sampled_from(WEEKDAYS), max_size=3).map(tuple))),
    )  # fmt: skip


@st.composite
def elements(draw: st.DrawFn, steps: st.SearchStrategy[int], limits: st.SearchStrategy[Restrictions]) -> Element:
    types = draw(st.lists(st.sampled_from(["ENERGY", "TIME", "PARKING_TIME", "FLAT"]), min_size=1, unique=True))
    vat = _maybe(st.sampled_from([Decimal(0), Decimal(6), Decimal(25)]))
    components = tuple(
        PriceComponent(type=name, price=draw(prices), vat=draw(vat), step_size=draw(steps)) for name in types
    )
    return Element(price_components=components, restrictions=draw(limits))


def tariffs(
    steps: st.SearchStrategy[int] | None = None, limits: st.SearchStrategy[Restrictions] | None = None
) -> st.SearchStrategy[Tariff]:
    sizes = st.sampled_from([0, 1, 7, 60, 300]) if steps is None else steps
    parts = st.lists(elements(sizes, restrictions() if limits is None else limits), min_size=1, max_size=5)
    return parts.map(lambda each: Tariff(id="random", currency="EUR", elements=tuple(each)))


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    """Up to 15 minutes around a moment at which something turns; 1 Wh a second or none, so that seconds are exact."""
    start = draw(st.sampled_from(MOMENTS)) + timedelta(seconds=draw(st.integers(-2700, 2700)))
    at, periods = start, []
    for _ in range(draw(st.integers(1, 4))):
        seconds = draw(st.integers(1, 225))
        kind = draw(st.sampled_from(["charging", "charging", "parking", "neither"]))
        energy = Decimal(seconds if kind == "charging" else 0)
        power = draw(st.none() | st.integers(0, 4).map(lambda step: Decimal(step) * 10_000))
        current = draw(st.none() | st.integers(0, 4).map(lambda step: Decimal(step) * 16))
        periods.append(UsagePeriod(at, at + timedelta(seconds=seconds), kind, energy, power, current))
        at += timedelta(seconds=seconds)
    return Usage(start, at, tuple(periods))


@st.composite
def full_tariffs(draw: st.DrawFn) -> Tariff:
    """Also elements of a reservation anywhere among the others, every tax_included, and price limits of both kinds."""
    parts = list(draw(tariffs()).elements)
    for kind in draw(st.lists(st.sampled_from(["RESERVATION", "RESERVATION_EXPIRES"]), max_size=4)):
        given = draw(elements(st.sampled_from([0, 1, 60]), st.just(Restrictions()) | restrictions()))
        priced = tuple(each for each in given.price_components if each.type in {"TIME", "FLAT"})
        held = given.restrictions.model_copy(update={"reservation": kind})
        if priced:
            parts.insert(draw(st.integers(0, len(parts))), Element(price_components=priced, restrictions=held))
    if draw(st.booleans()):  # one rate for all, or none: a limit without its amount with tax has it
        rate = draw(st.none() | st.just(Decimal(25)))
        parts = [
            each.model_copy(
                update={
                    "price_components": tuple(
                        component.model_copy(update={"vat": rate}) for component in each.price_components
                    )
                }
            )
            for each in parts
        ]
    low, high = sorted(Decimal(draw(st.integers(0, 60))) / 10 for _ in range(2))
    gross = draw(st.none() | st.sampled_from([Decimal(1), Decimal("1.1"), Decimal("1.25")]))
    limits = [Price(excl_vat=net, incl_vat=None if gross is None else net * gross) for net in (low, high)]
    return Tariff(
        id="full",
        currency="EUR",
        elements=tuple(parts),
        tax_included=draw(st.sampled_from([None, None, "YES", "NO", "N/A"])),
        min_price=draw(_maybe(st.just(limits[0]))),
        max_price=draw(_maybe(st.just(limits[1]))),
    )


@st.composite
def full_usages(draw: st.DrawFn) -> Usage:
    """Sessions that a reservation went before, that never came after one, and such with services."""
    charged = draw(usages())
    at, reserved = charged.start, list[UsagePeriod]()
    for _ in range(draw(st.sampled_from([0, 1, 1, 2]))):
        begin = at - timedelta(seconds=draw(st.integers(1, 300)))
        reserved.insert(0, UsagePeriod(begin, at, "reservation", Decimal(0)))
        at = begin
    periods = (*reserved, *(() if reserved and draw(st.booleans()) else charged.periods))
    services = tuple(
        Service(
            f"service {number}", draw(prices), Decimal(draw(st.integers(0, 3))), draw(st.none() | st.just(Decimal(25)))
        )
        for number in range(draw(st.integers(0, 2)))
    )
    return Usage(at, periods[-1].end, periods, services)

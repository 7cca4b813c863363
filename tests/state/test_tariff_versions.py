"""A changed tariff file is a new version; sessions keep the one that was in force at plug-in."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from monitor.ids import Place
from monitor.state.database import Database
from monitor.state.tariffs import TariffStore
from monitor.tariffs.files import TariffBook, load_files

PLACE = Place("s", "t", "1")
MONDAY = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TariffStore]:
    database = Database(f"sqlite:///{tmp_path / 'state.sqlite'}")
    database.migrate()
    yield TariffStore(database)
    database.close()


@pytest.fixture
def book(tmp_path: Path) -> Callable[[str], TariffBook]:
    def write(price: str) -> TariffBook:
        component = f"{{type: ENERGY, price: {price}, vat: 25}}"
        elements = (
            f"[{{price_components: [{component}], restrictions: {{start_time: '08:00', start_date: 2026-01-01}}}}]"
        )
        text = f"tariffs: [{{id: a, currency: SEK, tax_included: NO, elements: {elements}}}]\nassign: [{{tariff: a}}]\n"
        (tmp_path / "t.yaml").write_text(text, encoding="utf-8")
        return load_files({"t.yaml": tmp_path / "t.yaml"})

    return write


def price_at(book: TariffBook, at: datetime) -> Decimal:
    assigned = book.tariff_for(PLACE, None, None, at, UTC)
    assert assigned is not None
    return assigned.tariff.elements[0].price_components[0].price


def test_a_session_keeps_the_version_of_its_plug_in(store: TariffStore, book: Callable[[str], TariffBook]) -> None:
    old, edited = book("3.10"), book("4")
    store.note(old.tariffs.values(), MONDAY)
    history = store.note(edited.tariffs.values(), MONDAY + timedelta(hours=1))
    versioned = TariffBook(edited.tariffs, edited.assignments, history=history)
    assert price_at(versioned, MONDAY + timedelta(minutes=59)) == Decimal("3.1")
    assert price_at(versioned, MONDAY + timedelta(hours=1)) == 4
    assert price_at(versioned, MONDAY - timedelta(days=1)) == Decimal("3.1")  # before any was seen: the first
    assert versioned.version("a", old.tariffs["a"].version) == old.tariffs["a"]
    assert versioned.version("a", "unheard-of") is None


def test_the_same_content_is_no_new_version_and_a_return_is_one(
    store: TariffStore, book: Callable[[str], TariffBook]
) -> None:
    for hour, price in enumerate(["3", "3", "4", "3"]):
        store.note(book(price).tariffs.values(), MONDAY + timedelta(hours=hour))
    kept = store.history()["a"]
    assert [(each.since.hour, each.tariff.elements[0].price_components[0].price) for each in kept] == [
        (12, 3), (14, 4), (15, 3),
    ]  # fmt: skip

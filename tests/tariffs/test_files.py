"""Tariff files: what loads, who gets which tariff, and every mistake with its place."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.errors import FileProblems
from monitor.ids import Place
from monitor.tariffs.files import TariffBook, load, load_files

BAD = sorted((Path(__file__).parent / "bad").glob("*.bad.yaml"))
SHIPPED = Path(__file__).parents[2] / "rules"
PLACE = Place("malmo-central", "mc-1", "2")
NOON = datetime(2026, 6, 15, 12, tzinfo=ZoneInfo("Europe/Stockholm"))
ONE = "currency: SEK, elements: [{price_components: [{type: ENERGY, price: 1}]}]"


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., TariffBook]:
    """Files by name, under `tariffs/`."""

    def write(**files: str) -> TariffBook:
        (tmp_path / "tariffs").mkdir()
        for name, text in files.items():
            (tmp_path / "tariffs" / name.replace("_", ".")).write_text(text, encoding="utf-8")
        return load(tmp_path)

    return write


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name.removesuffix(".bad.yaml")) for path in BAD])
def test_every_mistake_is_named_with_its_place(path: Path) -> None:
    with pytest.raises(FileProblems) as raised:
        load_files({path.name: path})
    said = [f"{each.line}:{each.column}: [{each.code}] {each.message}" for each in raised.value.problems]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert said == [line.removeprefix("# expect: ") for line in lines if line.startswith("# expect: ")]


def test_no_folder_is_an_empty_book(tmp_path: Path) -> None:
    assert load(tmp_path) == TariffBook()
    assert load(tmp_path).tariff_for(PLACE, "AC", None, NOON) is None


def test_mistakes_of_all_files_come_at_once(book: Callable[..., TariffBook]) -> None:
    with pytest.raises(FileProblems) as raised:
        book(a_yaml=f"tariffs: [{{id: x, {ONE}, size: 1}}]", b_json='{"id": "y", "currency": "EUR", "elements": [7]}')
    assert [problem.file for problem in raised.value.problems] == ["tariffs/a.yaml", "tariffs/b.json"]


def test_one_id_in_two_files(book: Callable[..., TariffBook]) -> None:
    with pytest.raises(FileProblems, match=r"tariffs/b\.yaml:1:16: tariff 'x' exists already"):
        book(a_yaml=f"tariffs: [{{id: x, {ONE}}}]", b_yaml=f"tariffs: [{{id: x, {ONE}}}]")


def test_ocpi_json_beside_yaml_assignments(book: Callable[..., TariffBook]) -> None:
    element = '{"price_components": [{"type": "ENERGY", "price": 0.12345678901234567890, "step_size": 1}]}'
    tariff = '{"country_code": "DE", "party_id": "ALL", "id": "%s", "currency": "EUR", "elements": [' + element + "]}"
    book_ = book(
        one_json=tariff % "one",
        many_json=f"[{tariff % 'two'}, {tariff % 'three'}]",
        rules_yaml="assign: [{site: 'malmo-*', tariff: two}, {tariff: one}]",
    )
    assert set(book_.tariffs) == {"one", "two", "three"}
    assigned = book_.tariff_for(PLACE, "AC", None, NOON)
    assert assigned is not None
    assert assigned.tariff.id == "two"
    assert assigned.reason == "tariffs/rules.yaml:1: site malmo-*"
    component = assigned.tariff.elements[0].price_components[0]
    assert component.price == Decimal("0.12345678901234567890")


@pytest.mark.parametrize(
    ("assignment", "fits"),
    [
        ("", True),
        ('site: "malmo-*", station: "mc-?", connector: 2', True),
        ('site: "malmo-*", station: "mc-?", connector: "2"', True),
        ('site: "MALMO-*"', False),
        ('connector: "1"', False),
        ("current: AC", True),
        ("current: DC", False),
        ("group: staff", False),
        ("from: 2026-06-15", True),
        ("from: 2026-06-16", False),
        ("to: 2026-06-15", False),
        ('from: "2026-06-01", to: "2026-06-16"', True),
    ],
)
def test_what_an_assignment_asks_for(assignment: str, fits: bool, book: Callable[..., TariffBook]) -> None:
    text = f"tariffs: [{{id: x, {ONE}}}]\nassign:\n  - {{{assignment + ', ' if assignment else ''}tariff: x}}\n"
    assert (book(a_yaml=text).tariff_for(PLACE, "AC", None, NOON) is not None) == fits


def test_group_current_and_unknown_current(book: Callable[..., TariffBook]) -> None:
    rules = "assign: [{group: 'staff*', tariff: x}, {current: DC, tariff: y}, {tariff: z}]"
    found = book(a_yaml=f"tariffs: [{{id: x, {ONE}}}, {{id: y, {ONE}}}, {{id: z, {ONE}}}]\n{rules}")

    def asked(current: str | None, group: str | None) -> str:
        assigned = found.tariff_for(PLACE, current, group, NOON)  # type: ignore[arg-type]
        return assigned.tariff.id if assigned else "none"

    assert [asked("DC", "staff-1"), asked("DC", "guest"), asked("AC", None), asked(None, None)] == ["x", "y", "z", "z"]


def test_dates_are_local_and_a_tariff_out_of_force_is_passed_over(book: Callable[..., TariffBook]) -> None:
    found = book(
        a_yaml=f"tariffs:\n  - {{id: new, start_date_time: 2026-07-01T00:00:00Z, {ONE}}}\n"
        f"  - {{id: june, {ONE}}}\n  - {{id: old, {ONE}}}\n"
        "assign: [{tariff: new}, {from: 2026-06-01, tariff: june}, {tariff: old}]\n"
    )
    stockholm = ZoneInfo("Europe/Stockholm")

    def asked(at: datetime, zone: ZoneInfo | None) -> str:
        assigned = found.tariff_for(PLACE, "AC", None, at, zone)
        return assigned.tariff.id if assigned else "none"

    may_in_utc = datetime(2026, 5, 31, 22, 30, tzinfo=UTC)  # June in Stockholm
    assert asked(may_in_utc, None) == "old"
    assert asked(may_in_utc, stockholm) == "june"
    assert asked(may_in_utc.astimezone(stockholm), None) == "june"
    assert asked(datetime(2026, 7, 1, tzinfo=UTC), stockholm) == "new"


def test_a_version_is_of_the_content(book: Callable[..., TariffBook], tmp_path: Path) -> None:
    vat = ONE.replace("price: 1", "price: 1.0, vat: null")
    dearer = ONE.replace("price: 1", "price: 1.01")
    tariffs = book(
        a_yaml=f"tariffs:\n  - {{id: x, {ONE}}}\n  - {{id: y, {ONE}}}\n",
        b_yaml=f"tariffs:\n  - {{id: z, {dearer}}}\n",
    ).tariffs
    versions = {name: tariff.version for name, tariff in tariffs.items()}
    assert len(set(versions.values())) == 3  # the id is part of the content
    assert all(len(version) == 12 for version in versions.values())
    same = tmp_path / "same.yaml"
    same.write_text(f"tariffs: [{{id: x, last_updated: 2026-01-01T00:00:00Z, {vat}}}]", encoding="utf-8")
    assert load_files({"same.yaml": same}).tariffs["x"].version == versions["x"]


def test_shipped_tariffs(subtests: pytest.Subtests) -> None:
    shipped = load(SHIPPED)
    for current, expected in (("AC", "ac-public"), ("DC", "dc-public"), (None, "ac-public")):
        with subtests.test(current=current):
            assigned = shipped.tariff_for(PLACE, current, None, NOON)  # type: ignore[arg-type]
            assert assigned is not None
            assert assigned.tariff.id == expected
    components = [each for part in shipped.tariffs["dc-public"].elements for each in part.price_components]
    # AFIR article 5: from 50 kW on, a price per kWh and an occupancy fee per minute, nothing else.
    assert {each.type for each in components} == {"ENERGY", "TIME", "PARKING_TIME"}
    fees = {(each.price, each.step_size) for each in components if each.type != "ENERGY"}
    assert fees == {(Decimal(48), 60)}

"""The warning of AFIR, article 5: what a price for ad-hoc charging at 50 kW and more may be made of."""

from pathlib import Path

import pytest

from monitor.authoring.check import check_paths
from monitor.config import Paths, Settings

SITES = "sites: {s: {stations: {t: {connectors: {1: {current: DC, rated: %d kW}}}}}}\n"


def check(folder: Path, components: str, *, head: str = "", assign: str = "{tariff: t}", rated: int = 150) -> list[str]:
    (folder / "tariffs").mkdir()
    text = (
        f"tariffs:\n  - id: t\n    currency: SEK\n    {head}\n    elements:\n      - {components}\nassign: [{assign}]\n"
    )
    (folder / "tariffs" / "t.yaml").write_text(text, encoding="utf-8")
    (folder / "sites.yaml").write_text(SITES % rated if rated else "sites: {}\n", encoding="utf-8")
    problems = check_paths([folder], Settings(paths=Paths(rules=folder)))
    assert all((each.severity, each.code) == ("warning", "afir") for each in problems), problems
    return [f"{each.line}:{each.column} {each.message.split(' in a tariff')[0]}" for each in problems]


ENERGY = "{type: ENERGY, price: 4}"


@pytest.mark.parametrize(
    ("components", "said"),
    [
        (f"price_components: [{ENERGY}, {{type: FLAT, price: 5}}]", ["6:54 a fee per session"]),
        (f"price_components: [{ENERGY}, {{type: FLAT, price: 0}}]", []),
        (
            f"price_components: [{ENERGY}, {{type: TIME, price: 6}}]",
            ["6:54 a price for charging time from the first minute"],
        ),
        (f"price_components: [{ENERGY}, {{type: PARKING_TIME, price: 6}}]", []),
        ("{restrictions: {min_duration: 2700}, price_components: [{type: TIME, price: 60}]}", []),
        ("{restrictions: {reservation: RESERVATION}, price_components: [{type: FLAT, price: 5}]}", []),
    ],
)
def test_parts(components: str, said: list[str], tmp_path: Path) -> None:
    assert check(tmp_path, components) == said


FEE = "price_components: [{type: FLAT, price: 5}]"


@pytest.mark.parametrize(
    ("head", "assign", "rated", "warned"),
    [
        ("", "{tariff: t}", 150, True),
        ("", "{tariff: t}", 22, False),
        ("", "{site: elsewhere, tariff: t}", 150, False),
        ("", "{current: DC, tariff: t}", 0, True),
        ("", "{tariff: t}", 0, False),
        ("type: AD_HOC_PAYMENT", "{tariff: t}", 0, True),
        ("type: REGULAR", "{tariff: t}", 150, False),
    ],
)
def test_where_it_holds(head: str, assign: str, rated: int, warned: bool, tmp_path: Path) -> None:
    assert bool(check(tmp_path, FEE, head=head, assign=assign, rated=rated)) == warned


def test_a_minimum_price_is_another_part(tmp_path: Path) -> None:
    assert check(tmp_path, f"price_components: [{ENERGY}]", head="min_price: {excl_vat: 10}") == [
        "4:16 a minimum price"
    ]

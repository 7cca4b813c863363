"""What the OCPI specification and tandemdrive say that sessions cost, read from ../shared/ocpi."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor import documents
from monitor.tariffs.model import Amount, Usage, UsagePeriod
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.pricing import price
from monitor.tariffs.rounding import rounded

STOCKHOLM = ZoneInfo("Europe/Stockholm")
SHARED = Path(__file__).parents[3] / "shared" / "ocpi"
pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the folder ../shared/ocpi with OCPI's examples is not here"
)


def _cases() -> list[Any]:
    path = SHARED / "worked_examples.json"
    if not path.exists():
        return []
    cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return [pytest.param(case, id=f"{case['tariff_file']}: {case['session']}") for case in cases]


def _usage(case: dict[str, Any], zone: ZoneInfo) -> Usage:
    """The prose's session: noon on a Monday unless it says otherwise; energy takes an hour of its own."""
    first = next((period for period in case["periods"] if "tod" in period), {})
    day = 10 if first.get("dow") == "SATURDAY" else 12
    at = datetime(2026, 1, day, tzinfo=zone) + timedelta(minutes=first.get("tod", 720))
    start, periods = at, []
    for period in case["periods"]:
        hours = Decimal(period.get("time_h", period.get("park_h", 1)))
        end = at + timedelta(seconds=round(hours * 3600))
        kind: Any = "parking" if "park_h" in period else "reservation" if "reservation" in period else "charging"
        energy = Decimal(period.get("kwh", 0)) * 1000
        current = Decimal(period["current"]) if "current" in period else None
        periods.append(UsagePeriod(at, end, kind, energy, current_a=current))
        at = end
    return Usage(start, at, tuple(periods))


@pytest.mark.parametrize("zone", ["Europe/Stockholm", "UTC", "America/St_Johns"])
@pytest.mark.parametrize("version", ["spec-2.2.1", "spec-2.3.0"])
@pytest.mark.parametrize("case", _cases())
def test_worked_example(case: dict[str, Any], version: str, zone: str, read_tariff: Callable[[Path], Tariff]) -> None:
    tariff = read_tariff(SHARED / version / case["tariff_file"])
    bill = price(_usage(case, ZoneInfo(zone)), tariff, ZoneInfo(zone))
    for ours, name in ((bill.total.excl_vat, "excl_vat"), (bill.total.incl_vat, "incl_vat")):
        # Where the prose made a slip of arithmetic (the Saturday of tariff 4), the recomputation counts.
        said = (case[f"spec_{name}"] if case["agrees"] else None) or case[f"recomputed_{name}"]
        if ours is None:  # 2.3.0 says that taxes come on top, and no rate: tariff 14, whose price with tax nobody says
            assert (name, case[f"spec_{name}"], tariff.tax_included) == ("incl_vat", None, "NO")
            continue
        assert rounded(ours, -int(Decimal(said).as_tuple().exponent)) == Decimal(said)


def test_the_slip_of_tariff_4_exactly(read_tariff: Callable[[Path], Tariff]) -> None:
    case = next(param.values[0] for param in _cases() if not param.values[0]["agrees"])
    bill = price(_usage(case, STOCKHOLM), read_tariff(SHARED / "spec-2.2.1" / "tariff_4_complex.json"), STOCKHOLM)
    assert bill.total == Amount(Decimal("12.375"), Decimal("13.975"))


@pytest.mark.parametrize(
    "case",
    [
        ("tariff_14_step_size", (16, 35), [("charging", 35, 0)], "1.30"),
        ("tariff_14_step_size", (19, 40), [("charging", 12, 0), ("parking", 20, 0)], "0.73"),
        ("tariff_17_reservation_with_expire_fee", (9, 0), [("reservation", 60, 0)], "6.00"),
        ("tariff_18_reservation_with_expire_time", (9, 0), [("reservation", 90, 0)], "9.00"),
        ("tariffrestriction_example_max_duration", (9, 0), [("charging", 30, 5), ("charging", 10, "1.2")], "0.30"),
        (
            "tariffrestriction_example_max_power",
            (9, 0),
            [("charging", 10, 1, 6), ("charging", 50, 40, 48), ("charging", "7.5", "0.5", 4)],
            "20.30",
        ),
        ("tariff_8_simple_025kwh", (9, 0), [("charging", 1, "0.1152")], "0.029"),
    ],
)
def test_prose_beside_the_worked_examples(
    case: tuple[str, tuple[int, int], list[Any], str],
    read_tariff: Callable[[Path], Tariff],
    session: Callable[..., Usage],
) -> None:
    name, start, steps, excl_vat = case
    usage = session(datetime(2026, 1, 12, *start, tzinfo=STOCKHOLM), *steps)
    bill = price(usage, read_tariff(SHARED / "spec-2.2.1" / f"{name}.json"), STOCKHOLM)
    assert bill.total.excl_vat == Decimal(excl_vat)


def _cdrs() -> list[Any]:
    paths = sorted(SHARED.glob("tandemdrive/*/cdr*.json"))
    return [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in paths]


@pytest.mark.parametrize("path", _cdrs())
def test_tandemdrive_cdr(
    path: Path,
    read_tariff: Callable[[Path], Tariff],
    read_cdr: Callable[[Path], tuple[Usage, dict[str, Any]]],
) -> None:
    usage, cdr = read_cdr(path)
    # `step_size` writes local times with a Z: only so do they cost what it states. The others do not ask for the hour.
    bill = price(usage, read_tariff(path.parent / "tariff.json"), ZoneInfo("UTC"))
    ours = {"total_cost": bill.total, **{f"total_{kind}_cost": amount for kind, amount in bill.by_kind.items()}}
    for name, amount in ours.items():
        stated = cdr.get(name, {"excl_vat": 0, "incl_vat": 0})
        assert amount.incl_vat is not None
        assert rounded(amount.excl_vat, 4) == stated["excl_vat"], name
        assert rounded(amount.incl_vat, 4) == stated["incl_vat"], name
    assert bill.total_energy_kwh == cdr["total_energy"]
    assert bill.total_time_h == cdr["total_time"]
    assert bill.total_parking_h == cdr.get("total_parking_time", 0)


def test_step_size_cdr_in_the_zone_of_its_location(
    read_tariff: Callable[[Path], Tariff],
    read_cdr: Callable[[Path], tuple[Usage, dict[str, Any]]],
    tmp_path: Path,
) -> None:
    folder = SHARED / "tandemdrive" / "step_size"
    tariff, amsterdam = read_tariff(folder / "tariff.json"), ZoneInfo("Europe/Amsterdam")
    usage, cdr = read_cdr(folder / "cdr1.json")
    # 16:55Z is 17:55 there: 2 x 0.0834 h at 2.40 and 15 min of parking at 1.00.
    assert price(usage, tariff, amsterdam).total.excl_vat == Decimal("0.65032")
    # Later editions of the crate have the local times that the total is of.
    text = (folder / "cdr1.json").read_text(encoding="utf-8").replace('Z"', '+01:00"')
    (tmp_path / "cdr.json").write_text(text, encoding="utf-8")
    usage, _ = read_cdr(tmp_path / "cdr.json")
    assert rounded(price(usage, tariff, amsterdam).total.excl_vat, 4) == cdr["total_cost"]["excl_vat"]


def test_every_example_tariff_loads(read_tariff: Callable[[Path], Tariff]) -> None:
    paths = [*SHARED.glob("spec-2.*/tariff*.json"), *SHARED.glob("tandemdrive/*/tariff.json")]
    assert len(paths) > 60
    for path in paths:
        assert read_tariff(path).elements


def test_the_tariff_inside_the_example_cdr(read_cdr: Callable[[Path], tuple[Usage, dict[str, Any]]]) -> None:
    usage, cdr = read_cdr(SHARED / "spec-2.2.1" / "cdr_example.json")
    text = (SHARED / "spec-2.2.1" / "cdr_example.json").read_text(encoding="utf-8")
    document = documents.parse(text, "cdr_example.json")
    tariff = documents.validate(document, Tariff, document.content["tariffs"][0], ("tariffs", 0))
    assert price(usage, tariff, ZoneInfo("UTC")).total.excl_vat == cdr["total_cost"]["excl_vat"]

"""`check` warns of tariffs for ad-hoc charging at 50 kW and more that AFIR does not allow."""

from collections.abc import Mapping
from pathlib import Path

from monitor import documents
from monitor.errors import FileProblems, Problem
from monitor.register import Register
from monitor.tariffs import files as tariff_files
from monitor.tariffs.afir import AD_HOC, FAST_W, parts_not_allowed
from monitor.tariffs.files import TariffBook
from monitor.tariffs.ocpi import Tariff


def afir_warnings(paths: Mapping[str, Path], register: Register) -> list[Problem]:
    """One warning for each part that is not allowed, at its place; none while the files have mistakes."""
    return [warning for warnings in warnings_by_tariff(paths, register).values() for warning in warnings]


def warnings_by_tariff(paths: Mapping[str, Path], register: Register) -> dict[str, list[Problem]]:
    """The same by id of the tariff."""
    try:
        book = tariff_files.load_files(paths)
    except FileProblems:
        return {}
    found: dict[str, list[Problem]] = {}
    rated = _greatest_ratings(book, register)
    for name, path in paths.items():
        document = documents.read(path, name=name)
        file, places = tariff_files.parse(document)
        for tariff, place in zip(file.tariffs, places, strict=True):
            if not _for_fast_charging(tariff, book, rated):
                continue
            for where, part in parts_not_allowed(tariff):
                said = (
                    f"{part} in a tariff for ad-hoc charging at 50 kW and more: AFIR, article 5, allows a price "
                    "per kWh and an occupancy fee per minute"
                )
                warning = document.problem((*place, *where), "afir", said, severity="warning")
                found.setdefault(tariff.id, []).append(warning)
    return found


def _greatest_ratings(book: TariffBook, register: Register) -> dict[str, float]:
    """The greatest known rating (W) of the connectors that may have a tariff."""
    found: dict[str, float] = {}
    for place, outlet in register:
        if outlet.rated is not None:
            for tariff in book.possible(place, outlet.current):
                found[tariff] = max(found.get(tariff, 0), outlet.rated)
    return found


def _for_fast_charging(tariff: Tariff, book: TariffBook, rated: Mapping[str, float]) -> bool:
    """By the register's ratings; where it knows none, by what the tariff and its assignments say."""
    if tariff.type not in AD_HOC:
        return False
    if tariff.id in rated:
        return rated[tariff.id] >= FAST_W
    mine = [placed.assignment for placed in book.assignments if placed.assignment.tariff == tariff.id]
    return tariff.type == "AD_HOC_PAYMENT" or any(each.current == "DC" for each in mine)

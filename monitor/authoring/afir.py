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
    try:
        book = tariff_files.load_files(paths)
    except FileProblems:
        return []
    found = []
    for name, path in paths.items():
        document = documents.read(path, name=name)
        file, places = tariff_files.parse(document)
        for tariff, place in zip(file.tariffs, places, strict=True):
            if not _for_fast_charging(tariff, book, register):
                continue
            for where, part in parts_not_allowed(tariff):
                said = (
                    f"{part} in a tariff for ad-hoc charging at 50 kW and more: AFIR, article 5, allows a price "
                    "per kWh and an occupancy fee per minute"
                )
                found.append(document.problem((*place, *where), "afir", said, severity="warning"))
    return found


def _for_fast_charging(tariff: Tariff, book: TariffBook, register: Register) -> bool:
    """By the register's ratings; where it knows none, by what the tariff and its assignments say."""
    if tariff.type not in AD_HOC:
        return False
    rated = {outlet.rated for place, outlet in register if tariff.id in book.possible(place, outlet.current)}
    ratings = [watts for watts in rated if watts is not None]
    if ratings:
        return max(ratings) >= FAST_W
    mine = [placed.assignment for placed in book.assignments if placed.assignment.tariff == tariff.id]
    return tariff.type == "AD_HOC_PAYMENT" or any(each.current == "DC" for each in mine)

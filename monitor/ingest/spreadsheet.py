"""The first sheet of an Excel file (.xlsx) as CSV, with what the sessions' reader needs of it: text and numbers.

Times are numbers of days there, which `session_table` knows; formats, formulas and other sheets are left alone.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from monitor.errors import InputError

MAGIC = b"PK\x03\x04"
LARGEST = 2**28
"""Bytes of an unpacked part: a packed file may claim any size."""
_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def as_csv(body: bytes) -> bytes:
    """The cells of the first sheet. Raises InputError when the file is no such thing."""
    written = io.StringIO()
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            csv.writer(written, lineterminator="\n").writerows(_rows(parts))
    except (zipfile.BadZipFile, KeyError, ValueError, IndexError, ET.ParseError) as error:
        raise InputError(f"is no Excel file that can be read: {error}") from error
    return written.getvalue().encode()


def _rows(parts: zipfile.ZipFile) -> Iterator[list[str]]:
    words = list(_shared(parts))
    for row in _part(parts, "xl/worksheets/sheet1.xml").iter(f"{_SPACE}row"):
        cells: dict[int, str] = {}
        for cell in row.iter(f"{_SPACE}c"):
            cells[_column(cell.get("r", ""), len(cells))] = _text(cell, words)
        yield [cells.get(index, "") for index in range(max(cells, default=-1) + 1)]


def _text(cell: ET.Element, words: list[str]) -> str:
    kind = cell.get("t")
    if kind == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{_SPACE}t"))
    value = cell.findtext(f"{_SPACE}v") or ""
    return words[int(value)] if kind == "s" else value


def _column(place: str, following: int) -> int:
    """From 0: `A7` is 0, `AB7` is 27. A cell without a place follows the one before it."""
    letters = re.match(r"[A-Z]{1,3}", place)
    if not letters:
        return following
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _shared(parts: zipfile.ZipFile) -> Iterator[str]:
    if "xl/sharedStrings.xml" in parts.namelist():
        for item in _part(parts, "xl/sharedStrings.xml").iter(f"{_SPACE}si"):
            yield "".join(part.text or "" for part in item.iter(f"{_SPACE}t"))


def _part(parts: zipfile.ZipFile, name: str) -> ET.Element:
    if parts.getinfo(name).file_size > LARGEST:
        raise ValueError(f"{name} is larger than {LARGEST} bytes")
    return ET.fromstring(parts.read(name))  # noqa: S314 - expat itself refuses entities that multiply  # nosec B314

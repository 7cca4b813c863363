"""docs/limits.md has the limits that the code has."""

import re

import pytest

from dashboards import app, curves, parameters
from monitor import config_tree, documents
from monitor.access import passwords
from monitor.authoring import lab
from monitor.config import Evaluate, Spool, Web
from monitor.ingest import files, spreadsheet
from monitor.tariffs import cdr
from tests.conftest import ROOT

SIZES = {"GiB": 2**30, "MiB": 2**20, "KiB": 2**10}
HELD = {
    "a body of readings over HTTP, unpacked": (Web().max_body,),
    "any other body: forms, JSON of the API": (app.FORM_MAX,),
    "text tried in the rule lab": (lab.LONGEST_TEXT, lab.MOST_RULES),
    "a comment": (parameters.COMMENT_MAX,),
    "a password": (passwords.LONGEST,),
    "a list of the API or a page": (parameters.LIMIT_MAX,),
    "a curve": (curves.LONGEST.days, curves.ROWS_READ),
    "a YAML or JSON file of the operator": (documents.LARGEST,),
    "`laddvakt.toml`": (config_tree.LARGEST,),
    "a file of CDRs": (cdr.LARGEST,),
    "a line of an imported file, unpacked": (files.LONGEST_LINE,),
    "a file of messages that is one JSON document": (files.LARGEST_DOCUMENT,),
    "a part of an Excel file, unpacked": (spreadsheet.LARGEST,),
    "readings that wait for InfluxDB": (Spool().limit,),
    "the window beside InfluxDB": (Evaluate().window_limit,),
}


def rows() -> dict[str, tuple[int, ...]]:
    """What the table says: numbers, sizes in bytes."""
    found = {}
    for line in (ROOT / "docs" / "limits.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and not line.startswith(("| what", "| ---")):
            what, limit, _ = (cell.strip() for cell in line.strip("|").split(" | "))
            found[what] = tuple(
                int(number.replace(",", "")) * SIZES.get(unit, 1)
                for number, unit in re.findall(r"\b(\d[\d,]*\d|\d)(?: (\w+))?", limit)
            )
    return found


@pytest.mark.parametrize("what", HELD)
def test_the_limit_is_the_one_of_the_code(what: str) -> None:
    assert rows()[what] == HELD[what]


def test_no_row_is_held_by_nothing() -> None:
    assert rows().keys() == HELD.keys()

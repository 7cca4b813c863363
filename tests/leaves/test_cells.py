"""CSV out of values from chargers and people: what is read back is what went in, and nothing runs in a spreadsheet."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cells import csv_lines

HOSTILE = ["a\r\nb", "\n", "<script>alert(1)</script>", 'say "no", then; go', "⚡🚗", "m" * 300, "å ä ö €"]
FORMULAS = ["=cmd()", "+1", "-2+3", "@SUM(A1)", "\t=cmd()", "\r=cmd()"]


def read_back(*texts: str) -> list[dict[str, str]]:
    lines = csv_lines(["station", "power_w"], [{"station": text, "power_w": -5.0} for text in texts])
    return list(csv.DictReader(io.StringIO("".join(lines), newline="")))


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_name_is_one_cell_whatever_is_in_it(name: str) -> None:
    assert read_back(name, "next") == [{"station": name, "power_w": "-5.0"}, {"station": "next", "power_w": "-5.0"}]


@pytest.mark.parametrize("name", FORMULAS, ids=ascii)
def test_no_text_is_a_formula(name: str) -> None:
    assert [row["station"] for row in read_back(name)] == [f"'{name}"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
def test_every_row_comes_back(names: list[str]) -> None:
    assert [row["station"].removeprefix("'") for row in read_back(*names)] == [name.removeprefix("'") for name in names]

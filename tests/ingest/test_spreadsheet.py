"""A spreadsheet's first sheet as CSV."""

import io
import zipfile

import pytest

from monitor.errors import InputError
from monitor.ingest.spreadsheet import as_csv

SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = f"""<worksheet xmlns="{SPACE}"><sheetData>
<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t>kWh, total</t></is></c></row>
<row r="2"><c r="A2"><v>44784.5</v></c><c r="B2"/><c r="C2"><v>7.5</v></c></row>
<row r="3"/></sheetData></worksheet>"""
WORDS = f'<sst xmlns="{SPACE}"><si><r><t>arr</t></r><r><t>ival</t></r></si></sst>'


def packed(**parts: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        for name, text in parts.items():
            file.writestr(f"xl/{name.replace('_', '/')}.xml", text)
    return written.getvalue()


def test_text_numbers_and_empty_cells() -> None:
    assert as_csv(packed(worksheets_sheet1=SHEET, sharedStrings=WORDS)) == b'arrival,,"kWh, total"\n44784.5,,7.5\n\n'


BROKEN = {
    "cut": packed(worksheets_sheet1=SHEET)[:-30],
    "no sheet": packed(sharedStrings=WORDS),
    "no words": packed(worksheets_sheet1=SHEET),
    "no XML": packed(worksheets_sheet1="<a"),
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_spreadsheet_is_said(body: bytes) -> None:
    with pytest.raises(InputError, match="is no Excel file that can be read"):
        as_csv(body)

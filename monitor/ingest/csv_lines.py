"""Where the records of a CSV file begin, which is not one a line: cells hold line breaks, and some lines are empty."""

import csv
import io

from monitor.errors import InputError


def first_lines(body: bytes, delimiter: str) -> list[int]:
    """The line (from 1) on which each record begins, the header's first.

    Raises InputError, with the line, for a quote that is never closed or closed in the middle of a cell: what follows
    it, other records with it, would be taken as part of that cell.
    """
    lines, before = [], 0
    text = io.TextIOWrapper(io.BytesIO(body), encoding="utf-8", errors="replace", newline="")
    records = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        for record in records:
            if record:
                lines.append(before + 1)
            before = records.line_num
    except csv.Error as error:
        raise InputError(
            f"line {before + 1}: has a quote that does not close its cell ({error}); close it, or write a quote within "
            'a quoted cell twice (""). Nothing of the file was taken'
        ) from error
    return lines

"""docs/rules.md says of every name, function, unit and filter what the code says."""

from pathlib import Path

from monitor.rules import functions
from monitor.rules.names import NAMES, SUBJECTS, Name
from monitor.rules.phrases import FILTERS
from monitor.units import UNITS

REFERENCE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")


def row(name: Name) -> str:
    """A name's line in the table."""
    written = f"{name.name}(DC)" if name.pool else name.name
    subjects = ", ".join(subject for subject in SUBJECTS if subject in name.subjects)
    meaning = name.meaning + (" (reading)" if name.source else "")
    return f"| `{written}` | {subjects} | {name.dimension} | {meaning} |"


def test_every_name_has_its_line() -> None:
    lines = REFERENCE.splitlines()
    assert [row(name) for name in NAMES if row(name) not in lines] == []
    assert sum(line.startswith("| `") for line in lines) == len(NAMES)


def test_every_function_unit_and_filter_is_named() -> None:
    words = {*functions.WINDOWS, *functions.CHILDREN, *UNITS, *FILTERS}
    assert [word for word in sorted(words) if f"`{word}`" not in REFERENCE] == []

"""docs/rule-reference.md says what the code says, and each of its examples is right."""

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.rules import examples, functions
from monitor.rules.check import check_condition
from monitor.rules.names import NAMES, SUBJECTS, Subject, find
from monitor.rules.phrases import FILTERS
from monitor.rules.reference import reference
from monitor.rules.syntax import parse
from monitor.rules.templates import check_template

WRITTEN = Path(__file__).parents[2] / "docs" / "rule-reference.md"
WINDOW = timedelta(minutes=30)


def test_the_document_is_the_table() -> None:
    assert WRITTEN.read_text(encoding="utf-8") == reference() + "\n", "run: make reference"


def test_everything_has_an_example() -> None:
    assert {name.name for name in NAMES} == set(examples.NAMES)
    assert (set(functions.WINDOWS), set(functions.CHILDREN)) == (set(examples.WINDOWS), set(examples.CHILDREN))
    assert set(FILTERS) == set(examples.FILTERS)


@pytest.mark.parametrize("name", examples.NAMES)
def test_the_example_of_a_name(name: str) -> None:
    """It is right on one of the subjects that know the name."""
    known: list[Subject] = [subject for subject in SUBJECTS if find(name, subject)]
    mistakes = [check_condition(parse(examples.NAMES[name]), subject, WINDOW) for subject in known]
    assert [] in mistakes, mistakes


@pytest.mark.parametrize("function", examples.WINDOWS)
def test_the_example_of_a_window(function: str) -> None:
    assert check_condition(parse(examples.WINDOWS[function][1]), "connector", WINDOW) == []


@pytest.mark.parametrize("function", examples.CHILDREN)
def test_the_example_of_a_function_over_connectors(function: str) -> None:
    assert check_condition(parse(examples.CHILDREN[function][1]), "site", WINDOW) == []


@pytest.mark.parametrize("name", examples.FILTERS)
def test_the_example_of_a_filter(name: str) -> None:
    assert check_template(examples.FILTERS[name][1], "connector") == []

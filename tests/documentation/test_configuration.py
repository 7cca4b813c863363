"""docs/configuration.md says what the code says, and nothing in it is without an explanation."""

import inspect
import tomllib

import pytest

from monitor.authoring.settings_reference import reference
from monitor.config import Section, Setting, Settings, every_setting
from tests.conftest import ROOT


def test_the_document_is_what_the_service_reads() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == reference(), "run: make reference"


@pytest.mark.parametrize("setting", list(every_setting()), ids=lambda each: ".".join(each.path))
def test_every_setting_is_explained(setting: Setting) -> None:
    assert setting.field.description
    assert f"`{setting.variable}" in reference()


@pytest.mark.parametrize("section", Settings.model_fields)
def test_every_section_is_explained(section: str) -> None:
    kind = type(getattr(Settings(), section))
    assert inspect.getdoc(kind) not in {None, inspect.getdoc(Section)}


def test_defaults_are_written_as_the_file_has_them() -> None:
    for line in reference().splitlines():
        if line.startswith("| `") and (cells := line.split(" | ")):
            tomllib.loads(f"x = {cells[1].strip('`')}")

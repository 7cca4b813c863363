"""docs/editors.md: what is to be pasted is what it is said to be."""

import json
import re
from pathlib import Path

from monitor import documents

TEXT = (Path(__file__).parents[2] / "docs" / "editors.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert found
    return found[1]


def test_settings_of_visual_studio_code_are_json() -> None:
    assert set(json.loads(block("json"))["yaml.schemas"]) == {"./rules.schema.json", "./tests.schema.json"}


def test_the_hooks_run_commands_that_exist() -> None:
    [repository] = documents.parse(block("yaml"), "f").content["repos"]
    assert [hook["entry"] for hook in repository["hooks"]] == ["laddvakt check rules", "laddvakt rules test rules"]

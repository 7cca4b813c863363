"""The page of runbooks: every shipped rule that names one finds it there."""

import re
from pathlib import Path

from flask.testing import FlaskClient

ROOT = Path(__file__).parents[2]
FILES = [*(ROOT / "rules/alerts").glob("*.yaml"), *(ROOT / "monitor/rules/built_in").glob("*.yaml")]


def test_every_runbook_that_a_shipped_rule_names_is_there(client: FlaskClient) -> None:
    named = {
        name for file in FILES for name in re.findall(r"docs/runbooks.md#([\w-]+)", file.read_text(encoding="utf-8"))
    }
    assert len(named) >= 20
    with client.get("/runbooks") as answer:
        assert answer.status_code == 200
        assert {f'id="{name}"' for name in named} <= set(re.findall(r'id="[\w-]+"', answer.text))
        assert "<li>" in answer.text
        assert "<strong>Do not reset remotely.</strong>" in answer.text

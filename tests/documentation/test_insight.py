"""docs/insight.md has every figure as pages and API have it."""

from monitor.insight.reference import markdown
from tests.conftest import ROOT


def test_the_document_has_the_table_of_figures() -> None:
    assert markdown() in (ROOT / "docs" / "insight.md").read_text(encoding="utf-8")

"""docs/alerting-lessons.md names a test for each complaint, and these tests exist."""

import re

from tests.conftest import ROOT

_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_complaint_has_a_test_that_exists() -> None:
    table = (ROOT / "docs" / "alerting-lessons.md").read_text(encoding="utf-8").splitlines()
    lines = [line for line in table if line.startswith("| ")][2:]
    open_points = [line for line in lines if not _TEST.search(line)]
    assert ["to come" in line for line in open_points] == [True] * len(open_points)
    named = [match for line in lines for match in _TEST.findall(line)]
    lost = [
        f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert lost == []

"""Real charging curves with each line of meter_defects.md planted: equal, or in review for the right reason.

A few sessions here; `tests/benchmarks/evidence.py` plays all 1,112 and prints the table.
"""

from pathlib import Path

import pytest

from tests.evidence.defects import BY_NAME, Defect
from tests.evidence.playing import outcomes
from tests.evidence.visits import Visit, visits

EVERY = 150


@pytest.fixture(scope="module")
def some(shared: Path) -> list[Visit]:
    return visits(shared / "data/dc_sessions/reconstructed_1min.csv.gz", EVERY)


@pytest.mark.parametrize("defect", BY_NAME.values(), ids=BY_NAME.keys())
def test_no_session_is_billed_wrong_silently(some: list[Visit], defect: Defect, tmp_path: Path) -> None:
    found = outcomes(some, defect, tmp_path)
    assert len(found) == len(some) >= 7
    assert [outcome.why for outcome in found if outcome.verdict == "wrong"] == []


def test_clean_sessions_carry_no_flag_and_wait_for_nobody(some: list[Visit], tmp_path: Path) -> None:
    found = outcomes(some, BY_NAME["clean: as it was"], tmp_path)
    assert {outcome.verdict for outcome in found} == {"equal"}
    assert {outcome.flags for outcome in found} == {frozenset()}

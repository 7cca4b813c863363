"""What finished sessions say of a connector."""

from dataclasses import replace

import pytest

from monitor.ids import Place
from monitor.sessions.history import ConnectorHistory, Past, history_of
from monitor.sessions.history_table import HISTORY_SCHEMA, HistoryTable

HOUR_US = 3_600_000_000
GOOD = Past(0, 20_000.0, 50_000.0, None, "Remote", None)


def past(*newest_first: Past) -> list[Past]:
    """An hour apart."""
    return [replace(each, ended_us=(1_000 - number) * HOUR_US) for number, each in enumerate(newest_first)]


@pytest.mark.parametrize(
    ("powers", "usual"),
    [
        ([1.0] * 10 + [50.0] * 9, None),
        ([1.0] * 10 + [50.0] * 4 + [52.0] + [60.0] * 5, 56.0),
        ([1.0] * 10 + [50.0] * 50 + [90.0] * 100, 50.0),
        ([], None),
    ],
    ids=["too few", "the middle of ten", "none before the sixtieth", "none"],
)
def test_the_usual_power_is_of_sessions_11_to_60_back(powers: list[float], usual: float | None) -> None:
    assert history_of([replace(GOOD, average_power_w=power) for power in powers]).usual_power_w == usual


@pytest.mark.parametrize(
    ("seen", "failed", "slow"),
    [
        (GOOD, 0.0, 0.0),
        (replace(GOOD, energy_wh=99.0), 100.0, None),
        (replace(GOOD, energy_wh=None), None, None),
        (replace(GOOD, stop_reason="EmergencyStop"), 100.0, 0.0),
        (replace(GOOD, average_power_w=24_000.0), 0.0, 100.0),
        (replace(GOOD, average_power_w=24_000.0, diagnosis="vehicle_limited"), 0.0, 100.0),
        (replace(GOOD, average_power_w=24_000.0, diagnosis="shared"), 0.0, 0.0),
        (replace(GOOD, average_power_w=24_000.0, diagnosis="tapering"), 0.0, 0.0),
    ],
    ids=["good", "nothing delivered", "unknown", "the charger stopped it", "slow", "slow car", "shared", "tapering"],
)
def test_each_session_is_slow_or_failed(seen: Past, failed: float | None, slow: float | None) -> None:
    found = history_of(past(*[seen] * 10, *[GOOD] * 10))
    assert (found.failed_share_10, found.slow_share_10) == (failed, slow)


def test_shares_are_of_those_of_the_last_ten_that_say_anything() -> None:
    unknown, failed = replace(GOOD, energy_wh=None), replace(GOOD, energy_wh=0.0)
    assert history_of(past(unknown, failed, failed, GOOD, GOOD, GOOD)).failed_share_10 == 40
    assert history_of(past(failed, failed, GOOD, GOOD)).failed_share_10 is None


def test_different_users_of_the_last_ten() -> None:
    users = ["a", "b", "a", None, *["c"] * 6, "d"]
    assert history_of(past(*(replace(GOOD, user=user) for user in users))).users_10 == 3
    assert history_of(past(*[GOOD] * 10)).users_10 is None


def test_the_last_that_delivered_and_how_far_they_usually_are_apart() -> None:
    failed = replace(GOOD, energy_wh=0.0, stop_reason="EVDisconnected")
    found = history_of(past(failed, failed, *[GOOD] * 11))
    assert found.delivered_us == 998 * HOUR_US
    assert found.usual_gap_us == HOUR_US
    assert found.last_stop_reason == "EVDisconnected"
    assert history_of(past(*[GOOD] * 10)).usual_gap_us is None
    assert history_of([]) == ConnectorHistory()


def test_the_table_after_changes_is_as_if_made_anew() -> None:
    places = [Place("s", f"st-{number}", "1") for number in range(3_000)]
    known = {place: ConnectorHistory(usual_power_w=float(number)) for number, place in enumerate(places[:2_500])}
    kept = HistoryTable(known)
    for some in (places[:3], places[2_400:2_600], places[100:2_600], [places[2_999]], []):
        fresh = {place: ConnectorHistory(users_10=len(some), last_stop_reason="Local") for place in some}
        kept.update(fresh)
        known |= fresh
        assert kept.table.schema == HISTORY_SCHEMA
        assert in_order(kept) == in_order(HistoryTable(known))


def in_order(made: HistoryTable) -> list[dict[str, object]]:
    return made.table.sort_by("station").to_pylist()

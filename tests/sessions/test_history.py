"""What finished sessions say of a connector."""

from dataclasses import replace

import pytest

from monitor.ids import Place
from monitor.rules.frame import HISTORY
from monitor.sessions.history import ConnectorHistory, Past, history_of
from monitor.sessions.history_table import HistoryTable

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


STRONG = replace(GOOD, average_power_w=100_000.0, peak_power_w=150_000.0, soc_in=20.0, soc_out=60.0)


@pytest.mark.parametrize(
    ("seen", "slow"),
    [
        (replace(STRONG, average_power_w=47_000.0), 100.0),
        (replace(STRONG, average_power_w=47_000.0, soc_in=60.0, soc_out=85.0), 0.0),
        (replace(STRONG, average_power_w=20_000.0, soc_in=60.0, soc_out=85.0, diagnosis="tapering"), 100.0),
        (replace(STRONG, average_power_w=47_000.0, soc_in=None), 100.0),
        (replace(STRONG, average_power_w=47_000.0, soc_in=None, diagnosis="tapering"), 0.0),
        (replace(STRONG, average_power_w=20_000.0, soc_in=60.0, soc_out=85.0, peak_power_w=22_000.0), 100.0),
    ],
    ids=["low", "nearly full", "less than nearly full takes", "unknown charge", "tapering, unknown", "AC never tapers"],
)
def test_what_a_nearly_full_battery_does_not_take_is_not_slow(seen: Past, slow: float) -> None:
    assert history_of(past(*[seen] * 10, *[STRONG] * 10)).slow_share_10 == slow


@pytest.mark.parametrize(
    ("seen", "usual", "slow"),
    [
        (replace(GOOD, average_power_w=38_000.0, offer_lowered=True), GOOD, 100.0),
        (replace(GOOD, average_power_w=42_000.0, offer_lowered=True), GOOD, 0.0),
        (replace(GOOD, average_power_w=38_000.0, offer_lowered=True), replace(GOOD, offer_lowered=True), 0.0),
        (replace(GOOD, average_power_w=38_000.0), GOOD, 0.0),
    ],
    ids=["less than usual", "as usual all the same", "its offer is always low", "the offer as before"],
)
def test_a_lowered_offer_counts_where_it_is_not_usual(seen: Past, usual: Past, slow: float) -> None:
    assert history_of(past(*[seen] * 10, *[usual] * 10)).slow_share_10 == slow


def test_what_is_usual_may_be_of_an_earlier_moment() -> None:
    slow = replace(GOOD, average_power_w=20_000.0)
    then = past(*[slow] * 3, *[GOOD] * 57)
    now = past(*[slow] * 60)
    assert (history_of(now).usual_power_w, history_of(now).slow_share_10) == (20_000, 0)
    assert (history_of(now, then).usual_power_w, history_of(now, then).slow_share_10) == (50_000, 100)


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
        assert kept.table.schema == HISTORY
        assert in_order(kept) == in_order(HistoryTable(known))


def in_order(made: HistoryTable) -> list[dict[str, object]]:
    return made.table.sort_by("station").to_pylist()

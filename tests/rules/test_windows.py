"""What windows over readings say; minute 10 is now, readings are of a session that began at minute 0."""

from typing import Any

import pytest


def value(network: Any, rule_of: Any, expression: str, minute: float = 10) -> Any:
    """The value of a window, by way of the values that an answer carries."""
    rule = rule_of(f"{expression} is missing or {expression} is not missing")
    return network.answers(minute, rule)["malmo/dc-1/1"].values[expression]


CASES = [
    ("avg(power_w, 5m)", 4000),
    ("avg(power_w, 4m)", 4750),  # (6, 10]: the sample at minute 6 is outside
    ("min(power_w, 5m)", 1000),
    ("max(power_w, 2m)", 9000),
    ("first(power_w, 5m)", 1000),
    ("last(power_w, 5m)", 9000),
    ("delta(energy_wh, 5m)", 400),
    ("delta(energy_wh, 1m)", None),  # one sample has no difference
    ("rate(energy_wh, 5m)", 6000),
    ("stddev(power_w, 5m)", pytest.approx(2756.81)),
    ("samples(power_w, 5m)", 5),
    ("samples(soc, 5m)", 0),
    ("avg(soc, 5m)", None),
    ("changes(power_w, 5m)", 3),
    ("changes(power_w, 2m)", 1),
    ("changes(soc, 5m)", None),
    ("changes(status, 30m)", 0),
    # Each value holds until the next: 1 kW and 2 kW a minute each of the four that are known.
    ("share(power_w < 3 kW, 5m)", 50),
    ("share(soc < 3 %, 5m)", None),
    ("share(status == \"Charging\", 5m)", 100),
]  # fmt: skip


def steps(network: Any) -> Any:
    """1 kW at minute 6, then 2, 4, 4, 9 kW at each minute to 10; the register grows by 100 Wh a minute."""
    network.heartbeats(10)
    network.charging(0)
    for minute, kw in ((6, 1), (7, 2), (8, 4), (9, 4), (10, 9)):
        network.meter(minute, power_w=kw * 1000, energy_wh=minute * 100)
    return network


def test_each_window(network: Any, rule_of: Any) -> None:
    """All in one rule, so that they also show that one statement holds any number of them."""
    rule = rule_of(" or ".join(f"{expression} is missing or {expression} is not missing" for expression, _ in CASES))
    values = steps(network).answers(10, rule)["malmo/dc-1/1"].values
    assert {expression: values[expression] for expression, _ in CASES} == dict(CASES)


def test_a_meter_value_holds_at_most_twice_its_usual_spacing(network: Any, rule_of: Any) -> None:
    # Known from 6 to 12, of which 9 kW holds from 10 to 12.
    assert value(steps(network), rule_of, "share(power_w > 5 kW, 20m)", 16) == pytest.approx(100 * 2 / 6)


def test_the_status_from_before_the_window_counts(network: Any, rule_of: Any) -> None:
    network.heartbeats(20)
    network.status(-60, "Available")
    network.status(5, "Preparing")
    network.status(8, "Available")
    assert value(network, rule_of, "changes(status, 10m)") == 2
    assert value(network, rule_of, 'share(status == "Available", 10m)') == 70


def test_a_status_holds_until_an_offline_gap(network: Any, rule_of: Any) -> None:
    network.heartbeats(5)
    network.status(-10, "Available")
    network.link(20)
    network.status(25, "Charging")
    # Known from 0 to 5 and from 25 to 30.
    assert value(network, rule_of, 'share(status == "Available", 30m)', 30) == 50


def test_and_until_one_that_goes_on(network: Any, rule_of: Any) -> None:
    network.heartbeats(5)
    network.status(-10, "Available")
    network.status(2, "Charging")
    assert value(network, rule_of, 'share(status == "Available", 30m)', 30) == pytest.approx(100 * 2 / 5)


def test_a_share_may_compare_with_what_is_known_now(network: Any, rule_of: Any) -> None:
    assert value(steps(network), rule_of, "share(power_w < 0.02 * rated_w, 5m)") == 50


def test_windows_end_at_the_session(network: Any, rule_of: Any) -> None:
    network.heartbeats(10)
    network.power((0, 5), 3)
    network.charging(6)
    network.power((6, 10), 80)
    assert value(network, rule_of, "min(power_w, 10m)") == 80_000


def test_derived_power_is_averaged_as_measured_power_is(network: Any, rule_of: Any) -> None:
    network.charging(0)
    for minute in range(1, 11):
        network.meter(minute, energy_wh=minute * 500)
    assert value(network, rule_of, "avg(power_w, 5m)") == 30_000

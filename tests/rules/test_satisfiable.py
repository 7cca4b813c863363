"""What can never hold, and what recovers while it fires."""

import pytest

from monitor.rules.satisfiable import overlap, possible
from monitor.rules.syntax import parse

NEVER = [
    "soc > 100 %",
    "soc > 90 % and soc < 50 %",
    "not (soc <= 90 % or soc >= 50 %)",
    "soc is missing and soc < 80 %",
    'status == "Faulted" and status == "Available"',
    'status in ("Faulted", "Available") and not (status != "Charging")',
    "power_w between 5 kW and 3 kW",
    "online and not online",
    "avg(power_w, 5m) < 0.5 * expected_w and avg(power_w, 5m) > 70 % * expected_w",
    "expected_w < 2 * power_w and power_w < 0.4 * expected_w",
    "power_w + 2 kW < 1 kW and power_w > 0 W",
    "-soc > 5 %",
    "samples(power_w, 5m) < 0",
    '"gap" in session_flags and "gap" not in session_flags',
    "share(power_w < 1 kW, 5m) > 60 % and share(power_w < 1 kW, 5m) < 40 %",
    "2 > 3",
    "power_w < power_w",
    '(soc > 90 % or status == "Faulted") and soc < 50 % and status == "Charging"',
]
POSSIBLE = [
    "soc >= 100 %",
    "soc > 90 % or soc < 50 %",
    "share(power_w < 1 kW, 5m) > 60 % and share(power_w < 2 kW, 5m) < 40 %",
    "avg(power_w, 5m) < 0.5 * expected_w and avg(power_w, 5m) > 0.4 * expected_w",
    "avg(power_w, 5m) < 0.5 * expected_w and power_w > 0.7 * expected_w",
    "power_w * soc < offered_w",
    'status != "Faulted" and status != "Available"',
    "not (soc is missing) and not (soc > 50 %)",
    'error_code != "NoError" and error_code != "OtherError"',
    "soc == 50 % and not (soc == 51 %)",
]


@pytest.mark.parametrize("condition", NEVER, ids=NEVER)
def test_never(condition: str) -> None:
    assert not possible("connector", parse(condition))


@pytest.mark.parametrize("condition", POSSIBLE, ids=POSSIBLE)
def test_possible(condition: str) -> None:
    assert possible("connector", parse(condition))


@pytest.mark.parametrize(
    ("when", "recover", "overlapping"),
    [
        ("avg(power_w, 5m) < 0.5 * expected_w", "avg(power_w, 5m) > 0.7 * expected_w", False),
        ("avg(power_w, 5m) < 0.5 * expected_w", "avg(power_w, 5m) > 0.5 * expected_w", False),
        ("avg(power_w, 5m) < 0.5 * expected_w", "avg(power_w, 5m) > 0.4 * expected_w", True),
        ("soc < 20 %", "soc > 10 %", True),
        ("soc < 20 %", "soc < 20 %", True),
        ("soc < 20 % or power_w < 3 kW", "soc > 30 %", True),
        ('status == "Charging" and soc < 20 %', 'status != "Charging" or soc > 30 %', False),
        ('status == "Charging" and soc < 20 %', 'status == "Charging" and power_w > 3 kW', False),
        ('status in ("Faulted", "Unavailable")', 'status != "Faulted"', True),
        ('status == "Faulted"', "online", False),
        ("not online", "online", False),
    ],
    ids=str,
)
def test_a_recovery_that_overlaps(when: str, recover: str, overlapping: bool) -> None:
    assert overlap("connector", parse(when), parse(recover)) is overlapping

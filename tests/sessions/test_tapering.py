"""What a battery takes on average between two states of charge."""

import pytest

from monitor.sessions.tapering import share_between


@pytest.mark.parametrize(
    ("soc_in", "soc_out", "share"),
    [
        (5.0, 40.0, 1.0),
        (0.0, 100.0, 0.645),
        (70.0, 80.0, 0.581),
        (80.0, 80.0, 0.5),
        (95.0, 100.0, 0.244),
        (90.0, 60.0, 0.35),
    ],
)  # fmt: skip
def test_the_mean_over_time(soc_in: float, soc_out: float, share: float) -> None:
    assert share_between(soc_in, soc_out) == pytest.approx(share, abs=0.001)


def test_time_adds_up() -> None:
    """Energy over mean power is time: that of two stretches is that of both."""
    halves = 33.0 / share_between(45.0, 78.0) + 17.0 / share_between(78.0, 95.0)
    assert 50.0 / share_between(45.0, 95.0) == pytest.approx(halves)

"""Erlang's formulas against published tables and textbook examples."""

import pytest

from monitor.insight.erlang import erlang_b, erlang_c, mean_wait_s, servers_for


@pytest.mark.parametrize(
    ("servers", "load"),
    [(1, 0.0101), (2, 0.153), (5, 1.36), (10, 4.46), (20, 12.0), (50, 37.9), (100, 84.1)],
    ids=str,
)
def test_the_table_of_traffic_at_1_percent_blocking(servers: int, load: float) -> None:
    """Erlang B as printed in every table of teletraffic (three figures)."""
    assert erlang_b(servers, load * 0.995) < 0.01 < erlang_b(servers, load * 1.005)


@pytest.mark.parametrize(
    ("servers", "load", "waits"),
    [
        pytest.param(1, 0.5, 0.5, id="M/M/1: the load itself"),
        pytest.param(2, 1.0, 1 / 3, id="M/M/2 half loaded"),
        pytest.param(3, 2.0, 4 / 9, id="Gross and Harris: a clinic of three doctors, 6 patients an hour, 20 min each"),
        pytest.param(14, 10.0, 0.174, id="call centres: 10 erlangs, 14 agents"),
        pytest.param(55, 48.0, 0.239, id="call centres: 48 erlangs, 55 agents"),
    ],
)
def test_the_share_that_waits(servers: int, load: float, waits: float) -> None:
    assert erlang_c(servers, load) == pytest.approx(waits, abs=5e-4)


def test_how_long() -> None:
    # Gross and Harris: 8/9 patients wait on average, 6 come an hour: 8.9 min. Call centres: 240 s a call, 8.2 s.
    assert mean_wait_s(3, 2.0, 1200) == pytest.approx(8 / 9 / 6 * 3600)
    assert mean_wait_s(55, 48.0, 240) == pytest.approx(8.19, abs=0.02)


def test_a_load_that_is_not_below_the_number_waits_for_ever() -> None:
    assert erlang_c(2, 2.0) == 1
    assert mean_wait_s(2, 2.5, 600) is None


@pytest.mark.parametrize(("load", "target"), [(1.8, 300), (7.6, 60), (90.0, 10), (0.0, 300)])
def test_the_fewest_that_keep_the_wait_under_a_target(load: float, target: float) -> None:
    found = servers_for(load, 1800, target)
    wait = mean_wait_s(found, load, 1800)
    assert wait is not None
    assert wait <= target
    one_less = mean_wait_s(found - 1, load, 1800) if found > 1 else None
    assert one_less is None or one_less > target


def test_large_pools_neither_overflow_nor_cancel() -> None:
    assert 0 < erlang_c(2_000, 1_950.0) < 1
    assert erlang_c(500, 1.0) == pytest.approx(0, abs=1e-300)

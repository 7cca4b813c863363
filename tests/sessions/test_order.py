"""Laws: any order of arrival, any pauses, any restarts and writing twice give the same sessions."""

import random
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

LAST = 400.0


@dataclass(frozen=True)
class Tools:
    """What makes a fresh charger, an in-memory depot, and the fold alone."""

    charger: Any
    shelf: Any
    paper: Any


@pytest.fixture(scope="module")
def tools(new_charger: Any, new_shelf: Any, new_paper: Any) -> Tools:
    return Tools(new_charger, new_shelf, new_paper)


def story(make: Any) -> Any:
    """Two visits with what happens around them; meter values name no session, so that order matters most."""
    charger = make()
    charger.link(-30).status(-20, "Available").meter(-10, 1_000, 0.0)
    charger.status(0, "Preparing").start(2, 1_000, user="u1").status(2.5, "Charging").meter(3, 1_020, 10.0)
    charger.meter(10, 2_200, 11.0).link(12).meter(20, 4_000, 11.0, soc=50.0).status(25, "SuspendedEVSE")
    charger.station_status(27, "Unavailable").station_status(29, "Available").status(30, "Charging").meter(
        31, 4_100, 6.0
    )
    charger.status(40, "SuspendedEV").meter(41, 5_000, 0.0).stop(50, 5_000).status(50, "Finishing").status(
        70, "Available"
    )
    charger.meter(75, 5_000, 0.0).link(90, "disconnected").link(95, "connected")
    charger.start(100, 5_000, "8").status(100, "Charging").meter(110, 6_500, 11.0).meter(130, 9_000, 11.0)
    return charger.stop(131, 9_100, "8").status(131, "Available").status(140, "Preparing").status(150, "Available")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10_000),
    pieces=st.integers(1, 12),
    restarts=st.sampled_from(["", "killed", "clean"]),
    early=st.booleans(),
)
@example(seed=7603, pieces=11, restarts="killed", early=False)  # a late status of the station comes alone, at the end
def test_any_order_of_arrival_gives_the_same_sessions(
    tools: Tools, seed: int, pieces: int, restarts: str, early: bool
) -> None:
    told = story(tools.charger)
    if restarts:
        # What arrives when nobody remembers the session any more says by its time of arrival that it is late.
        told.rows = [replace(row, delay=LAST - row.minute) for row in told.rows]
    rows = list(told.rows)
    expected = tools.paper().write(told).read(LAST)
    assert [session.transaction for session in expected] == ["7", "8"]
    random.Random(seed).shuffle(rows)
    depot = tools.shelf()
    for piece in depot.write_in_order(rows, pieces):
        depot.read(LAST * piece / pieces if early else LAST)
        if restarts:
            depot.restart(clean=restarts == "clean")
    assert depot.read(LAST) == expected
    for _ in depot.write_in_order(rows, 1):
        assert depot.read(LAST) == expected


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_the_same_on_the_real_store(tools: Tools, depot: Any, seed: int | None) -> None:
    told = story(tools.charger)
    told.rows = [replace(row, delay=LAST - row.minute) for row in told.rows]
    rows = list(told.rows)
    if seed is not None:
        random.Random(seed).shuffle(rows)
    for piece in depot.write_in_order(rows, 7):
        depot.read(20.0 + 50 * piece)
        if piece == seed:
            depot.restart()
    assert depot.read(LAST) == tools.paper().write(told).read(LAST)


def test_every_row_on_its_own_is_the_same_as_all_at_once(tools: Tools) -> None:
    rows = story(tools.charger).rows
    depot = tools.shelf()
    for number in depot.write_in_order(rows, len(rows)):
        depot.read(max(row.minute for row in rows[: number + 1]))
    assert depot.read(LAST) == tools.paper().write(story(tools.charger)).read(LAST)


@pytest.mark.parametrize("killed_after", range(28))
def test_a_kill_in_the_middle_loses_and_doubles_nothing(tools: Tools, killed_after: int) -> None:
    rows = story(tools.charger).rows
    depot = tools.shelf()
    for piece in depot.write_in_order(rows, len(rows)):
        depot.read(rows[piece].minute)
        if piece == killed_after:
            depot.restart()
    assert depot.read(LAST) == tools.paper().write(story(tools.charger)).read(LAST)


STATUSES = ("Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Faulted", "Reserved")


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """Rows of all kinds in no particular sense: no two of a kind at one moment, because those are one point."""
    minutes = st.integers(0, 90)
    ids = st.sampled_from(["1", "2", None])
    kinds = {
        "status": st.sampled_from(STATUSES),
        "station_status": st.sampled_from(["Available", "Faulted", "Unavailable"]),
        "link": st.sampled_from(["heartbeat", "disconnected", "connected"]),
        "start": st.tuples(st.sampled_from([0.0, 1_000.0, None]), st.sampled_from(["1", "2"])),
        "stop": st.tuples(st.sampled_from([1_500.0, 9_000.0, None]), st.sampled_from(["1", "2"])),
        "meter": st.tuples(st.integers(0, 90), st.sampled_from([0.0, 7.0, None]), ids),
    }
    found = []
    for kind, fields in kinds.items():
        at = draw(st.lists(minutes, max_size=4 if kind != "meter" else 12, unique=True))
        found += [(kind, minute, draw(fields)) for minute in at]
    return found


def spoken(make: Any, rows: list[tuple[Any, ...]]) -> Any:
    charger = make()
    for kind, minute, said in rows:
        if kind in {"start", "stop"}:
            getattr(charger, kind)(minute, said[0], said[1])
        elif kind == "meter":
            wh, kw, session = said
            charger.meter(minute, 1_000 + 100.0 * wh, kw, **({"session": session} if session else {}))
        else:
            getattr(charger, kind)(minute, said)
    charger.rows = [replace(row, delay=LAST - row.minute) for row in charger.rows]
    return charger


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=stories(), seed=st.integers(0, 1_000), pieces=st.integers(1, 9), restart=st.booleans())
@example(  # a stop of an unknown transaction at the moment of a start
    rows=[("station_status", 0, "Available"), ("link", 5, "heartbeat"), ("link", 2, "heartbeat"),
          ("start", 0, (0.0, "2")), ("start", 1, (0.0, "1")), ("stop", 0, (1_500.0, "1"))],
    seed=1, pieces=3, restart=False,
)  # fmt: skip
@example(  # two such stops after a Preparing, with a meter value that begins a visit
    rows=[("status", 0, "Preparing"), ("status", 1, "Preparing"), ("stop", 0, (1_500.0, "1")),
          ("stop", 5, (1_500.0, "1")), ("stop", 1, (1_500.0, "1")), ("stop", 2, (1_500.0, "2")),
          ("meter", 1, (0, 0.0, "1")), ("meter", 3, (0, 0.0, "1"))],
    seed=63, pieces=6, restart=False,
)  # fmt: skip
@example(  # at one moment the start of a visit and a meter value of the one before
    rows=[("start", 0, (0.0, "1")), ("start", 1, (0.0, "2")), ("meter", 0, (0, 0.0, "1")), ("meter", 1, (0, 0.0, "1"))],
    seed=0,
    pieces=1,
    restart=True,
)
@example(  # a Preparing that belonged to the visit before
    rows=[("status", 0, "Preparing"), ("start", 0, (0.0, "1")), ("start", 1, (0.0, "1"))],
    seed=0, pieces=1, restart=True,
)  # fmt: skip
@example(  # between plug-in and start a meter value of the transaction before
    rows=[("status", 1, "Preparing"), ("status", 0, "Available"), ("status", 2, "Available"),
          ("status", 3, "Preparing"), ("start", 2, (0.0, "1")), ("stop", 0, (1_500.0, "2")),
          ("meter", 1, (0, 0.0, "2"))],
    seed=0, pieces=1, restart=True,
)  # fmt: skip
def test_rows_of_any_kind_in_any_order_twice_give_what_the_fold_gives(
    tools: Tools, rows: list[tuple[Any, ...]], seed: int, *, pieces: int, restart: bool
) -> None:
    told = spoken(tools.charger, rows)
    assume(any(row.place == told.place for row in told.rows))
    expected = tools.paper().write(told).read(LAST)
    shuffled = told.rows + told.rows[: len(told.rows) // 2]
    random.Random(seed).shuffle(shuffled)
    depot = tools.shelf()
    for piece in depot.write_in_order(shuffled, pieces):
        depot.read(LAST)
        if restart and piece == pieces // 2:
            depot.restart()
    assert depot.read(LAST) == expected

"""Random expressions over random values, some missing: SQL answers as a small interpreter of Kleene's tables does."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor import documents
from monitor.readings.embedded import EmbeddedStore
from monitor.rules import files
from monitor.rules.frame import Frame
from monitor.rules.program import compile_rules

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
UNITS = {"power_w": "W", "session_peak_w": "W", "rated_w": "W"}
STATUSES = ("Available", "Charging", "Faulted")

# Trees are tuples, so that this interpreter shares nothing with the one under test. Halves are exact in binary.
halves = st.integers(-4, 4).map(lambda n: n / 2)
numbers = st.recursive(
    st.one_of(
        st.sampled_from(list(UNITS)).map(lambda name: ("name", name)),
        halves.filter(lambda value: value >= 0).map(lambda value: ("number", value)),
    ),
    lambda part: st.one_of(
        st.tuples(st.sampled_from(["+", "-"]), part, part),
        st.tuples(st.just("scaled"), part, part, part),  # a * (b / c): of one dimension again
        st.tuples(st.just("neg"), part),
    ),
    max_leaves=4,
)
conditions = st.recursive(
    st.one_of(
        st.tuples(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), numbers, numbers),
        st.tuples(st.just("between"), numbers, numbers, numbers),
        st.tuples(st.sampled_from(["missing", "known"]), numbers),
        st.tuples(st.sampled_from(["in", "not in"]), st.lists(st.sampled_from(STATUSES), min_size=1, max_size=2)),
        st.just(("name", "online")),
    ),
    lambda part: st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), part, part),
        st.tuples(st.just("not"), part),
        st.tuples(st.just("missing"), part),
    ),
    max_leaves=5,
)
sums = st.recursive(  # exact in thousandths, which sums over connectors are kept in
    st.one_of(st.sampled_from(list(UNITS)).map(lambda name: ("name", name)), halves.map(lambda n: ("number", abs(n)))),
    lambda part: st.one_of(st.tuples(st.sampled_from(["+", "-"]), part, part), st.tuples(st.just("neg"), part)),
    max_leaves=3,
)
aggregates = st.one_of(
    st.tuples(st.just("sum"), sums),
    st.tuples(st.sampled_from(["max", "min"]), numbers),
)
of_children = st.recursive(
    st.one_of(
        st.tuples(st.sampled_from(["any", "all"]), conditions),
        st.tuples(st.sampled_from(["<", ">=", "=="]), aggregates, aggregates),
        st.tuples(st.just("counted"), st.sampled_from(["<", ">=", "=="]), conditions, st.integers(0, 4)),
        st.tuples(st.just("shared"), st.sampled_from(["<", ">=", "=="]), conditions, st.sampled_from([0, 25, 50, 100])),
        st.tuples(st.just("missing"), aggregates),
    ),
    lambda part: st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), part, part),
        st.tuples(st.just("not"), part),
        st.tuples(st.just("missing"), part),
    ),
    max_leaves=4,
)
rows = st.fixed_dictionaries({
    **{name: st.none() | halves for name in UNITS},
    "status": st.none() | st.sampled_from(STATUSES),
    "online": st.none() | st.booleans(),
})  # fmt: skip


def text(tree: Any) -> str:  # noqa: PLR0911 - one line per kind of node
    match tree:
        case ("name", name):
            return name
        case ("number", value):
            return f"{value} W"
        case ("neg", part):
            return f"-(({text(part)}) + 0 W)"  # a sign right before a literal would meet the check of ranges
        case ("scaled", a, b, c):
            return f"({text(a)}) * (({text(b)}) / ({text(c)}))"
        case ("between", item, low, high):
            return f"({text(item)}) between ({text(low)}) and ({text(high)})"
        case ("missing" | "known" as which, part):
            return f"({text(part)}) is {'' if which == 'missing' else 'not '}missing"
        case ("in" | "not in" as which, choices):
            return f"status {which} ({', '.join(repr(c).replace(chr(39), chr(34)) for c in choices)})"
        case ("not", part):
            return f"not ({text(part)})"
        case (operator, left, right):
            return f"({text(left)}) {operator} ({text(right)})"
    raise AssertionError(tree)


def both(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def turned(value: bool | None) -> bool | None:
    return None if value is None else not value


def compared(operator: str, left: float | None, right: float | None) -> bool | None:
    if left is None or right is None:
        return None
    return {"==": left == right, "!=": left != right, "<": left < right, "<=": left <= right, ">": left > right,
            ">=": left >= right}[operator]  # fmt: skip


def joined(operator: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    return left + right if operator == "+" else left - right


def scaled(a: float | None, b: float | None, c: float | None) -> float | None:
    return None if a is None or b is None or not c else a * (b / c)


def value(tree: Any, row: dict[str, Any]) -> Any:  # noqa: C901, PLR0911, PLR0912 - one line per kind of node
    match tree:
        case ("name", name):
            return row[name]
        case ("number", number):
            return number
        case ("neg", part):
            found = value(part, row)
            return None if found is None else -found
        case ("scaled", a, b, c):
            return scaled(value(a, row), value(b, row), value(c, row))
        case ("between", item, low, high):
            found = value(item, row)
            return both(compared(">=", found, value(low, row)), compared("<=", found, value(high, row)))
        case ("missing", part):
            return value(part, row) is None
        case ("known", part):
            return value(part, row) is not None
        case ("in" | "not in" as which, choices):
            found = None if row["status"] is None else row["status"] in choices
            return found if which == "in" else turned(found)
        case ("not", part):
            return turned(value(part, row))
        case ("and", left, right):
            return both(value(left, row), value(right, row))
        case ("or", left, right):
            return turned(both(turned(value(left, row)), turned(value(right, row))))
        case ("+" | "-" as operator, left, right):
            return joined(operator, value(left, row), value(right, row))
        case (operator, left, right):
            return compared(operator, value(left, row), value(right, row))
    raise AssertionError(tree)


def over_children(function: str, truths: Sequence[bool | None]) -> bool | None:
    if function == "any":
        return turned(over_children("all", [turned(truth) for truth in truths]))
    answer: bool | None = True
    for truth in truths:
        answer = both(answer, truth)
    return answer


def text_of_site(tree: Any) -> str:
    match tree:
        case ("any" | "all" | "sum" | "max" | "min" as function, part):
            return f"{function}({text(part)})"
        case ("counted" | "shared" as which, operator, part, number):
            return f"({'count' if which == 'counted' else 'share'}({text(part)}) {operator} {number}" + (
                ")" if which == "counted" else " %)"
            )
        case ("missing", part):
            return f"({text_of_site(part)}) is missing"
        case ("not", part):
            return f"not ({text_of_site(part)})"
        case (operator, left, right):
            return f"({text_of_site(left)}) {operator} ({text_of_site(right)})"
    raise AssertionError(tree)


def of_site(tree: Any, found: Sequence[dict[str, Any]]) -> Any:  # noqa: PLR0911 - one line per kind of node
    match tree:
        case ("any" | "all" as function, part):
            return over_children(function, [value(part, row) for row in found])
        case ("sum" | "max" | "min" as function, part):
            numbers_ = [value(part, row) for row in found]
            return None if None in numbers_ else {"sum": sum, "max": max, "min": min}[function](numbers_)
        case ("counted" | "shared" as which, operator, part, number):
            truths = [value(part, row) for row in found]
            counted = None if None in truths else float(truths.count(True))
            scale = 1 if which == "counted" else 100 / len(found)
            return compared(operator, None if counted is None else counted * scale, number)
        case ("missing", part):
            return of_site(part, found) is None
        case ("not", part):
            return turned(of_site(part, found))
        case ("and", left, right):
            return both(of_site(left, found), of_site(right, found))
        case ("or", left, right):
            return turned(both(turned(of_site(left, found)), turned(of_site(right, found))))
        case (operator, left, right):
            return compared(operator, of_site(left, found), of_site(right, found))
    raise AssertionError(tree)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Any:
    store = EmbeddedStore(tmp_path_factory.mktemp("kleene") / "readings.duckdb", timedelta(minutes=30))
    with store.snapshot() as taken:
        yield taken
    store.close()


def table(found: Sequence[dict[str, Any]]) -> pa.Table:
    """A frame of connectors `site/station/<n>` with these values, and what places are counted from."""
    types = {**dict.fromkeys(UNITS, pa.float64()), "status": pa.string(), "online": pa.bool_()}
    columns = {name: pa.array([row[name] for row in found], kind) for name, kind in types.items()}
    names = pa.array([str(n) for n in range(len(found))], pa.string())
    count = len(found)
    return pa.table({
        "row_id": pa.array(range(count), pa.int64()), "slot_us": pa.array([0] * count, pa.int64()),
        "site": pa.array(["site"] * count), "station": pa.array(["station"] * count), "connector": names, "evse": names,
        "place_no": pa.array(range(count), pa.int64()), "evse_no": pa.array(range(count), pa.int64()),
        "evse_shared": pa.array([False] * count),
        "station_no": pa.array([0] * count, pa.int64()), "site_no": pa.array([0] * count, pa.int64()),
        "current": pa.array(["DC"] * count), "taken": pa.array([False] * count),
        "has_session": pa.array([False] * count),
        "held_since_us": pa.nulls(count, pa.int64()), **columns,
    })  # fmt: skip


def answers(
    snapshot: Any, on: str, conditions_: Sequence[str], found: Sequence[dict[str, Any]]
) -> list[dict[int, Any]]:
    """Truth by rule, one dict a subject that has one that is not false."""
    entries = "".join(f"  - {{id: r-{n}, title: t, on: {on}, when: '{c}', message: {{summary: s}}}}\n"
                      for n, c in enumerate(conditions_))  # fmt: skip
    statement = compile_rules(files.parse_rules(documents.parse("rules:\n" + entries, "r.yaml"))).statements[0]
    active = pa.table({"number": pa.array([], pa.int64())})
    site = pa.table({"slot_us": [0], "site_no": [0], "site": ["site"]})
    judged = (
        Frame({"frame": table(found), "site_frame": site}, NOW, NOW)
        .query(snapshot, statement.sql, active=active)
        .to_pylist()
    )
    by_subject = {row.get("connector", "site"): row for row in judged}
    subjects = [str(n) for n in range(len(found))] if on == "connector" else ["site"]
    return [
        {n: by_subject[s][f"truth_{n}"] if s in by_subject else False for n in range(len(conditions_))}
        for s in subjects
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(conditions, min_size=1, max_size=4), st.lists(rows, min_size=1, max_size=4))
def test_sql_is_kleenes(snapshot: Any, trees: list[Any], found: list[dict[str, Any]]) -> None:
    told = answers(snapshot, "connector", [text(tree) for tree in trees], found)
    assert told == [{n: value(tree, row) for n, tree in enumerate(trees)} for row in found]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(conditions, st.lists(rows, min_size=1, max_size=4))
def test_over_children_too(snapshot: Any, tree: Any, found: list[dict[str, Any]]) -> None:
    condition = text(tree)
    truths = [value(tree, row) for row in found]
    told = answers(
        snapshot,
        "site",
        [f"any({condition})", f"all({condition})", f"count({condition}) == {truths.count(True)}"],
        found,
    )
    counted = None if None in truths else True
    assert told == [{0: over_children("any", truths), 1: over_children("all", truths), 2: counted}]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(of_children, min_size=1, max_size=3), st.lists(rows, min_size=1, max_size=4))
def test_whole_expressions_over_children(snapshot: Any, trees: list[Any], found: list[dict[str, Any]]) -> None:
    told = answers(snapshot, "site", [text_of_site(tree) for tree in trees], found)
    assert told == [{n: of_site(tree, found) for n, tree in enumerate(trees)}]


def test_the_sum_and_the_extremes_of_children(snapshot: Any) -> None:
    known = [
        {"power_w": value, "session_peak_w": 1.0, "rated_w": None, "status": None, "online": None}
        for value in (1.5, 2.5)
    ]
    conditions_ = [
        "sum(power_w) == 4 W",
        "max(power_w) == 2.5 W",
        "min(power_w) == 1.5 W",
        "share(power_w > 2 W) == 50 %",
    ]
    assert answers(snapshot, "site", conditions_, known) == [dict.fromkeys(range(4), True)]
    unknown = [*known, {**known[0], "power_w": None}]
    assert answers(snapshot, "site", conditions_, unknown) == [dict.fromkeys(range(4), None)]

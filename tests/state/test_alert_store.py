"""What the pages ask of stored alerts."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.alerts.model import Alert, AlertEvent, EventKind
from monitor.alerts.step import Outcome
from monitor.ids import Place
from monitor.rules.answer import Texts
from monitor.state.alert_order import SORTS, Sort
from monitor.state.alerts import AlertCounts, AlertStore
from monitor.state.database import Database

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def alert(rule: str, subject: str, state: str, level: str, **more: object) -> Alert:
    given: dict[str, object] = {
        "firing_at": None if state == "pending" else NOON,
        "labels": {},
        "pending_at": NOON,
        **more,
    }
    return Alert(id=0, rule=rule, subject=subject, state=state, level=level, **given)  # type: ignore[arg-type]


ALERTS = (
    alert("slow", "malmo/m-1/1", "firing", "warning"),
    alert("slow", "malmo/m-1/2", "firing", "critical"),
    alert("offline", "malmo/m-10", "firing", "critical", pending_at=NOON - timedelta(hours=1)),
    alert("full", "lund", "firing", "info"),
    alert("slow", "lund/l-1/1", "pending", "critical"),
    alert("slow", "lund/l-1/2", "resolved", "warning", resolved_at=NOON + timedelta(hours=1)),
    alert("slow", "lund/l-1/3", "resolved", "warning", firing_at=None, resolved_at=NOON),
    alert("slow", "lund/l-1/4", "resolved", "warning", resolved_at=NOON + timedelta(hours=3)),
)


def save(database: Database, *alerts: Alert, events: tuple[AlertEvent, ...] = ()) -> None:
    with database.begin() as tx:
        AlertStore(database).save(tx, Outcome(alerts, alerts, events, ()))


@pytest.fixture
def store(database: Database) -> AlertStore:
    save(database, *ALERTS)
    return AlertStore(database)


def numbers(alerts: object) -> list[int]:
    return [one.id for one in alerts]  # type: ignore[attr-defined]


def test_an_alert_comes_back_whole(database: Database) -> None:
    whole = Alert(
        id=0, rule="slow", subject="malmö/a%2Fb/1", state="firing", level="warning", labels={"team": "fält"},
        pending_at=NOON, firing_at=NOON + timedelta(microseconds=1), resolved_at=None, evaluated_at=NOON,
        true_since=NOON + timedelta(seconds=1), false_since=NOON + timedelta(seconds=2), next_level="critical",
        next_level_since=NOON + timedelta(seconds=3), no_data_since=NOON + timedelta(seconds=4), condition="abc",
        values={"power_w": 3000.5, "n": 3, "status": "Charging", "online": True, "soc": None},
        texts={"en": Texts("Slow", "3 kW", "cold", "https://x"), "sv": Texts("Långsam", "3 kW")},
    )  # fmt: skip
    store = AlertStore(database)
    with database.begin() as tx:
        (saved,) = store.save(tx, Outcome((whole,), (whole,), (), ()))
        store.evaluated(tx, ["slow"], NOON)
        assert list(store.active(tx)) == [saved]
    assert store.get(saved.id) == saved
    assert store.get(saved.id + 1) is None


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [8, 6, 5, 4, 3, 2, 1]),
        ({"since": NOON + timedelta(hours=2)}, [8, 5, 4, 3, 2, 1]),
        ({"state": "firing"}, [4, 3, 2, 1]),
        ({"state": "pending"}, [5]),
        ({"state": "resolved"}, [8, 6]),
        ({"state": "resolved", "since": NOON + timedelta(hours=2)}, [8]),
        ({"site": "lund"}, [8, 6, 5, 4]),
        ({"place": Place("malmo", "m-1")}, [2, 1]),
        ({"place": Place("malmo", "m-1", "2")}, [2]),
        ({"level": "critical"}, [5, 3, 2]),
        ({"rule": "offline"}, [3]),
        ({"after": 5, "limit": 2}, [4, 3]),
        ({"sort": "id", "after": 3, "limit": 2}, [4, 5]),
        ({"sort": "worst"}, [3, 2, 1, 4, 5, 8, 6]),
        ({"sort": "worst", "state": "resolved"}, [8, 6]),
        ({"sort": "worst", "after": 99}, []),
    ],
)
def test_lists(store: AlertStore, wanted: dict[str, object], expected: list[int]) -> None:
    assert numbers(store.list(**wanted)) == expected  # type: ignore[arg-type]


def test_the_worst_first(store: AlertStore) -> None:
    assert numbers(store.worst()) == [3, 2, 1, 4, 5]
    assert numbers(store.worst(limit=2)) == [3, 2]
    assert numbers(store.worst(site="lund")) == [4, 5]
    assert numbers(store.worst(place=Place("malmo", "m-1"))) == [2, 1]


@pytest.mark.parametrize("sort", SORTS)
def test_pages_of_every_size_make_the_whole_list(store: AlertStore, sort: Sort) -> None:
    whole = numbers(store.list(sort=sort))
    for size in (1, 2, 3, 7):
        found: list[int] = []
        while page := numbers(store.list(sort=sort, limit=size, after=found[-1] if found else None)):
            found += page
        assert found == whole


def test_counts(store: AlertStore) -> None:
    assert store.counts() == AlertCounts(pending=1, firing={"info": 1, "warning": 1, "critical": 2})
    assert store.firing_by_site() == {"malmo": {"warning": 1, "critical": 2}, "lund": {"info": 1}}
    assert store.active_keys() == {(one.rule, one.subject) for one in ALERTS if one.active}


def test_events_in_order(database: Database) -> None:
    kinds: tuple[EventKind, ...] = ("pending", "firing", "level")
    happened = tuple(AlertEvent("slow", "malmo/m-1/1", kind, NOON, "warning", "") for kind in kinds)
    save(database, ALERTS[1], ALERTS[0], events=happened)
    assert list(AlertStore(database).events(2)) == list(happened)
    assert AlertStore(database).events(1) == []


def test_an_identity_is_active_once(database: Database, store: AlertStore) -> None:
    """A fault of ours must not make two alerts of one."""
    with pytest.raises(Exception, match="UNIQUE"):
        save(database, ALERTS[0])
    save(database, ALERTS[5])


def test_many_alerts_are_found_by_number(database: Database) -> None:
    save(database, *(alert("slow", f"s/{number}", "firing", "warning") for number in range(1200)))
    with database.begin() as tx:
        found = AlertStore(database).numbered(tx, range(1, 1300))
    assert numbers(found) == list(range(1, 1201))

"""Sessions in the state database."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete

from monitor.errors import InputError
from monitor.ids import Place
from monitor.sessions.billing import bill
from monitor.state.histories import connector_history
from monitor.state.session_tables import positions
from monitor.state.sessions import SessionStore


@pytest.fixture
def closed(paper: Any, charger: Any) -> Any:
    (session,) = paper.write(charger.visit()).read(200)
    return session


def test_a_session_comes_back_as_it_was_saved(saved: SessionStore, closed: Any, book: Any, register: Any) -> None:
    priced = bill(closed, book, register, "plug_out")
    assert priced.bill is not None
    saved.save([priced], position=12)
    assert saved.get(closed.id) == priced
    assert saved.list() == [replace(priced, periods=())]
    assert saved.position() == 12
    assert saved.get("nobody") is None


def test_saving_twice_changes_nothing(saved: SessionStore, closed: Any) -> None:
    saved.save([closed])
    saved.save([closed, closed])
    assert saved.list() == [replace(closed, periods=())]
    assert saved.versions(closed.id) == []


def test_a_closed_session_that_changes_keeps_its_old_version(saved: SessionStore, closed: Any) -> None:
    changed = replace(closed, energy_wh=1.0, flags=frozenset({"late"}), periods=closed.periods[:3])
    saved.save([closed], position=1)
    saved.save([changed], position=2)
    assert saved.get(closed.id) == changed
    assert saved.versions(closed.id) == [closed]


def test_a_session_under_way_leaves_no_versions(saved: SessionStore, closed: Any) -> None:
    under_way = replace(closed, closed_at=None, plug_out=None)
    saved.save([under_way])
    assert saved.under_way() == [replace(under_way, periods=())]
    saved.save([closed])
    assert saved.under_way() == []
    assert saved.versions(closed.id) == []


def test_what_was_cut_anew_replaces_what_was_there(saved: SessionStore, closed: Any, noon: datetime) -> None:
    earlier = replace(closed, id="earlier", plug_in=noon - timedelta(hours=5), started=noon - timedelta(hours=5))
    elsewhere = replace(closed, id="elsewhere", place=Place("s", "ac", "2"))
    saved.save([earlier, elsewhere, replace(closed, id="old")])
    saved.save([closed], reassembled={closed.place: noon - timedelta(hours=1)})
    assert {session.id for session in saved.list()} == {"earlier", "elsewhere", closed.id}
    assert [version.id for version in saved.versions("old")] == ["old"]


def test_pages_are_stable_and_newest_first(saved: SessionStore, closed: Any, noon: datetime) -> None:
    many = [replace(closed, id=f"{n:03}", plug_in=noon + timedelta(minutes=n // 3)) for n in range(50)]
    saved.save(many)
    seen, before = [], None
    while page := saved.list(before=before, limit=7):
        seen += [session.id for session in page]
        before = seen[-1]
        saved.save([replace(closed, id=f"new{len(seen)}", plug_in=noon + timedelta(days=1))])
    assert seen == sorted((session.id for session in many), reverse=True)
    with pytest.raises(InputError, match="there is no 'gone' to go on after"):
        saved.list(before="gone")


def test_filters(saved: SessionStore, closed: Any, noon: datetime) -> None:
    there = replace(closed, id="there", place=Place("t", "ac", "1"), state="review", plug_in=noon + timedelta(hours=1))
    saved.save([closed, there])
    assert [session.id for session in saved.list(site="t")] == ["there"]
    assert [session.id for session in saved.list(state="review")] == ["there"]
    assert [session.id for session in saved.list(end=noon + timedelta(hours=1))] == [closed.id]
    assert [session.id for session in saved.list(start=noon + timedelta(hours=1))] == ["there"]
    assert saved.list(site="s", station="ac", connector="9") == []


def test_totals_by_currency(saved: SessionStore, closed: Any, book: Any, register: Any) -> None:
    priced = bill(closed, book, register, "plug_out")
    unknown = replace(closed, id="unknown", energy_wh=None, bill=None)
    saved.save([priced, replace(priced, id="b"), unknown])
    totals = saved.totals()
    assert totals.sessions == 3
    assert totals.energy_wh == 22_000
    assert totals.excl_vat == {"SEK": Decimal(106)}
    assert totals.incl_vat == {"SEK": Decimal("132.5")}
    assert totals.charging_time == timedelta(hours=3)
    assert saved.totals(site="nowhere").energy_wh is None


def test_histories_follow_the_sessions(saved: SessionStore, closed: Any, noon: datetime) -> None:
    hours = [noon + timedelta(hours=n) for n in range(25)]
    many = [replace(closed, id=f"{n:02}", plug_in=at, started=at, user=f"u{n}") for n, at in enumerate(hours)]
    saved.save([*many, replace(closed, id="open", closed_at=None)])
    here = closed.place
    assert saved.histories()[here].usual_power_w == closed.average_power_w
    assert saved.histories()[here].failed_share_10 == 0
    assert saved.histories([here, Place("s", "ac", "9")]) == saved.histories()

    saved.save([replace(session, energy_wh=0.0, stop_reason="PowerLoss") for session in many[20:]])
    assert saved.histories()[here].failed_share_10 == 50
    assert saved.histories()[here].last_stop_reason == "PowerLoss"
    saved.save([], reassembled={here: noon + timedelta(hours=20)})
    assert saved.histories()[here].failed_share_10 == 0

    imported = replace(closed, id="im", place=Place("s", "ac", "9"), details={"seen_by": "import"})
    saved.import_finished([imported])
    saved.end_import([imported.place])
    assert saved.histories()[imported.place].last_stop_reason == closed.stop_reason


def test_a_database_from_before_histories_gets_them_once(saved: SessionStore, closed: Any) -> None:
    saved.save([closed])
    expected = saved.histories()
    with saved._database.begin() as tx:
        tx.execute(delete(connector_history))
        tx.execute(delete(positions).where(positions.c.name == "histories"))
    assert saved.histories() == expected != {}


def test_a_kill_between_two_ticks_goes_on_from_what_was_saved(saved: SessionStore, depot: Any, charger: Any) -> None:
    for piece in depot.write_in_order(charger.visit().rows, 5):
        depot.read(22.0 * piece)
        if piece % 2:
            # What the even ticks assembled was never saved: the process died before the commit.
            position, reassembled = depot.assembler.position, depot.assembler.reassembled
            saved.save(list(depot.sessions.values()), position=position, reassembled=reassembled)
        depot.assembler.resume(saved.position(), saved.under_way())
    (session,) = depot.read(200)
    assert session.energy_wh == pytest.approx(11_000)
    assert session.flags == frozenset()
    assert depot.assembler.under_way() == ()


def test_users_of_old_closed_sessions_and_of_their_versions_are_forgotten(saved: SessionStore, closed: Any) -> None:
    old = replace(closed, user="u-old")
    young = replace(closed, id="young", user="u-young", plug_in=closed.plug_in + timedelta(days=1))
    under_way = replace(closed, id="now", user="u-now", closed_at=None, plug_out=None)
    saved.save([old, young, under_way])
    saved.save([replace(old, energy_wh=1.0)])

    assert sum(saved.forget_users(closed.plug_in + timedelta(hours=1))) == 1
    assert {session.id: session.user for session in saved.list()} == {
        closed.id: None, "young": "u-young", "now": "u-now"}  # fmt: skip
    assert [version.user for version in saved.versions(closed.id)] == [None]
    assert saved.versions(closed.id) == [replace(old, user=None)]
    assert list(saved.forget_users(closed.plug_in + timedelta(hours=1))) == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"group": "staff"}, {"plain", "doubtful", "other"}),
        ({"group": "guests"}, {"guest"}),
        ({"flag": "gap"}, {"doubtful"}),
        ({"flag": "no_stop"}, set()),
        ({"tariff": "ac"}, {"plain"}),
        ({"tariff": "dc"}, set()),
        ({"text": "doubt"}, {"doubtful"}),
        ({"text": "T-9"}, {"other"}),
        ({"text": "somebody"}, {"guest"}),
        ({"text": "%"}, set()),
        ({"group": "staff", "flag": "gap", "text": "doubtful", "site": "s"}, {"doubtful"}),
    ],
    ids=lambda value: " ".join(sorted(value)) if value else "none",
)
def test_each_filter_of_lists_and_sums(
    saved: SessionStore, closed: Any, book: Any, *, register: Any, asked: Any, found: set[str]
) -> None:
    saved.save(
        [
            replace(bill(closed, book, register, "plug_out"), id="plain"),
            replace(closed, id="doubtful", flags=frozenset({"gap", "late"}), plug_in=closed.plug_in + timedelta(1)),
            replace(closed, id="other", transaction="T-9"),
            replace(closed, id="guest", group="guests", user="somebody"),
        ]
    )
    assert {session.id for session in saved.list(**asked)} == found
    assert saved.totals(**asked).sessions == len(found)

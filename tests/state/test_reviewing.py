"""Who decides about a bill, what readings that come later may change, and what they may not."""

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import InputError
from monitor.sessions.billing_states import Conflict
from monitor.sessions.correction import Correction
from monitor.sessions.model import Session
from monitor.state.database import Database
from monitor.state.sealing import Selection, again, preview, seal
from monitor.tariffs import exact_json
from tests.state.visits import NOON, Office, visit

JUMP = frozenset({"register_jump"})


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office(database, tmp_path)


def doubtful(**changes: Any) -> Session:
    return visit(**{"flags": JUMP, **changes})


def export(office: Office, **options: Any) -> list[Any]:
    return [exact_json.loads(sent.text) for sent in seal(office.database, Selection(**options), office.sealing())]


def test_a_doubtful_session_is_priced_once_somebody_approves(office: Office) -> None:
    office.arrives(doubtful())
    assert office.case().session.state == "review"
    assert office.case().possible == ("approve", "correct", "write_off")
    approved = office.decides("s1", "approve")
    assert (approved.state, approved.bill and approved.bill.total.excl_vat) == ("priced", 33)
    assert office.store.get("s1") == approved
    (event,) = office.case().events
    assert (event.actor, event.action, event.before, event.after) == ("anna", "approve", "review", "priced")
    assert event.reason == "looked at the meter"
    assert office.audited() == [("anna", "session.approve", "s1")]


def test_a_correction_keeps_what_was_measured_beside_what_was_decided(office: Office) -> None:
    office.arrives(doubtful())
    left = NOON + timedelta(minutes=75)
    corrected = office.decides("s1", "correct", correction=Correction(energy_wh=8_000.0, plug_out=left))
    assert (corrected.energy_wh, corrected.plug_out, corrected.idle_time) == (8_000.0, left, timedelta(minutes=15))
    assert corrected.bill is not None
    assert corrected.bill.total.excl_vat == 24 + 6 * 15 / 60
    (event,) = office.case().events
    assert event.details["decided"] == {"energy_wh": 8_000.0, "plug_out": left.isoformat()}
    assert event.details["measured"]["energy_wh"] == 10_000.0
    (measured,) = office.store.versions("s1")
    assert (measured.energy_wh, measured.flags) == (10_000.0, JUMP)


def test_a_second_correction_starts_from_what_was_measured(office: Office) -> None:
    office.arrives(doubtful())
    office.decides("s1", "correct", correction=Correction(plug_out=NOON + timedelta(minutes=61)))
    again_ = office.decides("s1", "correct", correction=Correction(energy_wh=9_000.0))
    assert (again_.energy_wh, again_.plug_out) == (9_000.0, NOON + timedelta(minutes=90))
    third = office.decides("s1", "correct", correction=Correction(energy_wh=10_000.0))
    assert third.bill is not None
    assert third.bill.total.excl_vat == 33


def test_what_cannot_be_priced_has_to_be_corrected(office: Office) -> None:
    office.arrives(visit(kwh=None))
    with pytest.raises(InputError, match="its energy is not known; correct it"):
        office.decides("s1", "approve")
    assert office.audited() == []
    assert office.decides("s1", "correct", correction=Correction(energy_wh=7_000.0)).state == "priced"


def test_a_session_written_off_has_no_price_and_is_not_exported(office: Office) -> None:
    office.arrives(doubtful())
    off = office.decides("s1", "write_off", "the customer never got the cable out")
    assert (off.state, off.bill) == ("written_off", None)
    assert export(office) == []
    assert office.decides("s1", "approve", "it was another customer").state == "priced"


@pytest.mark.parametrize("reason", ["", "  "], ids=["empty", "blank"])
def test_a_decision_needs_a_reason(office: Office, reason: str) -> None:
    office.arrives(doubtful())
    with pytest.raises(InputError, match="a reason is missing"):
        office.decides("s1", "approve", reason)


def test_a_session_under_way_cannot_be_decided(office: Office) -> None:
    office.arrives(visit(closed_at=None, plug_out=None))
    with pytest.raises(InputError, match="still under way"):
        office.decides("s1", "write_off")


def test_of_two_who_decide_at_once_the_second_is_told(office: Office) -> None:
    office.arrives(doubtful())
    seen = office.case().token
    barrier, told = threading.Barrier(2), []

    def decide(actor: str) -> None:
        barrier.wait()
        try:
            told.append(office.decides("s1", "approve", actor=actor, seen=seen).state)
        except Conflict as conflict:
            told.append(str(conflict))

    threads = [threading.Thread(target=decide, args=(actor,)) for actor in ("anna", "bo")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "priced" in told
    (conflict,) = [text for text in told if text != "priced"]
    first = office.case().events[0].actor
    assert f"{first}: approve at 2026-06-02T12:00:00+00:00, looked at the meter" in conflict
    assert len(office.case().events) == 1


def test_readings_that_changed_after_the_look_are_a_conflict_too(office: Office) -> None:
    office.arrives(doubtful())
    seen = office.case().token
    office.arrives(doubtful(kwh=12.0))
    with pytest.raises(Conflict, match="its readings changed"):
        office.decides("s1", "approve", seen=seen)


@pytest.mark.parametrize("action", ["approve", "correct", "write_off"])
def test_a_decision_survives_an_assembly_that_says_the_same(office: Office, action: Any) -> None:
    office.arrives(doubtful())
    decided = office.decides("s1", action, correction=Correction(energy_wh=9_000.0 if action == "correct" else None))
    office.arrives(doubtful(flags=JUMP | {"late"}, peak_power_w=11_000.0))
    assert office.store.get("s1") == decided
    assert len(office.case().events) == 1


@pytest.mark.parametrize("action", ["approve", "correct", "write_off"])
def test_other_readings_end_a_decision_and_say_so(office: Office, action: Any) -> None:
    office.arrives(doubtful())
    office.decides("s1", action, correction=Correction(energy_wh=9_000.0 if action == "correct" else None))
    office.arrives(visit(kwh=11.0))
    session = office.case().session
    assert (session.state, session.bill, session.energy_wh) == ("review", None, 11_000.0)
    assert session.details["review"] == "evidence_changed"
    assert [event.action for event in office.case().events] == [action, "lapse"]
    office.arrives(visit(kwh=11.5))
    assert office.case().session.state == "review"
    assert office.decides("s1", "approve").energy_wh == 11_500.0


def test_an_export_seals_once(office: Office) -> None:
    office.arrives(visit("s1"), visit("s2", plug_in=NOON - timedelta(minutes=1)), doubtful(name="s3"))
    shown = [sent.session for sent in preview(office.database, Selection(), office.sealing())]
    assert (shown, office.case().session.state) == (["s2", "s1"], "priced")
    assert [cdr["id"] for cdr in export(office)] == ["s2", "s1"]
    assert export(office) == []
    case = office.case()
    assert (case.session.state, case.events[-1].action, case.events[-1].actor) == ("sealed", "seal", "finance")
    assert office.audited() == [("finance", "cdr.export", "1")]
    repeated = [sent.text for sent in again(office.database, Selection(), 1)]
    assert repeated[1] == case.cdrs[0].content
    assert [sent.text for sent in again(office.database, Selection(session="s1"))] == [case.cdrs[0].content]
    with pytest.raises(InputError, match="there is no export 2"):
        list(again(office.database, Selection(), 2))


def test_rows_after_sealing_propose_a_credit_and_a_new_cdr(office: Office) -> None:
    office.arrives(visit())
    (sealed,) = export(office)
    before = office.store.get("s1")
    office.arrives(visit(kwh=12.0))
    assert office.store.get("s1") == before
    case = office.case()
    assert case.proposal is not None
    assert case.proposal.session is not None
    assert case.proposal.session.energy_wh == 12_000.0
    assert case.possible == ("approve", "correct", "write_off", "keep")
    assert export(office) == []

    new = office.decides("s1", "approve", "the last hour came a day late")
    assert (new.state, new.energy_wh) == ("priced", 12_000.0)
    credit, replacing = export(office)
    assert (credit["id"], credit["credit"], credit["credit_reference_id"]) == ("s1-C", True, "s1")
    assert credit["total_cost"] == {"excl_vat": -sealed["total_cost"]["excl_vat"], "incl_vat": -41.25}
    assert (replacing["id"], replacing["session_id"], replacing["total_cost"]["excl_vat"]) == ("s1-2", "s1", 39)
    assert [(event.action, event.after) for event in office.case().events] == [
        ("seal", "sealed"), ("approve", "priced"), ("seal", "sealed"),
    ]  # fmt: skip
    assert [version.state for version in office.store.versions("s1")] == ["credited"]
    office.arrives(visit(kwh=12.0))
    assert office.case().proposal is None
    office.arrives(visit(kwh=13.0))
    office.decides("s1", "approve")
    assert [cdr["id"] for cdr in export(office)] == ["s1-2-C", "s1-3"]


def test_a_proposal_goes_when_readings_say_again_what_was_sealed(office: Office) -> None:
    office.arrives(visit())
    export(office)
    office.arrives(visit(kwh=12.0))
    office.arrives(visit())
    assert office.case().proposal is None


def test_the_sealed_bill_may_be_kept(office: Office) -> None:
    office.arrives(visit())
    export(office)
    office.arrives(visit(kwh=10.01))
    kept = office.decides("s1", "keep", "a few öre")
    assert (kept.state, kept.energy_wh, office.case().proposal) == ("sealed", 10_000.0, None)
    office.arrives(visit(kwh=10.01))
    office.arrives(visit())
    assert office.case().proposal is None
    office.arrives(visit(kwh=15.0))
    assert office.case().proposal is not None


def test_a_sealed_session_is_credited_on_request(office: Office) -> None:
    office.arrives(visit())
    export(office)
    credited = office.decides("s1", "write_off", "goodwill")
    assert (credited.state, credited.bill) == ("credited", None)
    assert [cdr["id"] for cdr in export(office)] == ["s1-C"]
    assert export(office) == []
    office.arrives(visit())
    assert (office.case().session.state, office.case().proposal) == ("credited", None)


def test_a_corrected_session_is_sealed_as_decided_and_stays_so(office: Office) -> None:
    office.arrives(doubtful())
    office.decides("s1", "correct", correction=Correction(energy_wh=8_000.0))
    (cdr,) = export(office)
    assert (cdr["total_energy"], cdr["total_cost"]["excl_vat"]) == (8, 27)
    office.arrives(doubtful())
    assert office.case().proposal is None
    office.decides("s1", "correct", correction=Correction(energy_wh=9_000.0))
    assert [made["id"] for made in export(office)] == ["s1-C", "s1-2"]


def test_a_sealed_session_that_never_was_is_not_billed_twice(office: Office) -> None:
    office.arrives(visit("old"))
    export(office)
    found = replace(visit("new"), started=NOON + timedelta(minutes=1))
    office.arrives(found, reassembled={found.place: NOON})
    assert office.case("old").session.state == "sealed"
    assert office.case("old").proposal is not None
    assert office.case("new").session.details["review"] == "billed_as old"
    assert office.decides("old", "approve").state == "credited"
    assert office.decides("new", "approve").state == "priced"
    assert [cdr["id"] for cdr in export(office)] == ["old-C", "new"]
    office.arrives(found, reassembled={found.place: NOON})
    assert office.case("old").proposal is None


def test_a_decided_session_that_never_was_goes_and_leaves_its_decision(office: Office) -> None:
    office.arrives(doubtful())
    office.decides("s1", "approve")
    office.arrives(reassembled={visit().place: NOON})
    assert office.store.get("s1") is None
    assert [version.state for version in office.store.versions("s1")] == ["review", "priced"]


def test_a_session_that_lacks_what_ocpi_requires_may_be_left_out(office: Office) -> None:
    office.arrives(visit())
    (left,) = seal(office.database, Selection(), office.sealing(complete=True))
    assert (left.text, left.left_out) == ("", "it is not complete")
    assert "country_code" in left.missing
    assert office.case().session.state == "priced"

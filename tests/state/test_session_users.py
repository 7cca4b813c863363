"""One user erased from sessions, versions, proposals and CDRs: nothing leads back, and nothing comes back."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import InputError
from monitor.sessions.model import Session
from monitor.state import audit
from monitor.state.database import Database
from monitor.state.sealing import Selection, seal
from monitor.state.session_users import erase_user, sessions_of
from monitor.tariffs import exact_json
from tests.state.visits import LATER, NOON, Office, visit

TOKEN, CONTRACT = "u-0123456789abcdef0123", "SE-ABC-C12345678-9"


def theirs(name: str, **changes: object) -> Session:
    details = {"contract_id": CONTRACT, "signed": f"OCMF|{TOKEN}", "token_type": "RFID"}
    return replace(visit(name), **{"user": TOKEN, "details": details, **changes})  # type: ignore[arg-type]


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """s1 is sealed, and measured otherwise since; s2 was corrected; s3 is somebody else's."""
    office = Office(database, tmp_path)
    office.arrives(theirs("s1"), theirs("s2", flags=frozenset({"register_jump"})), visit("s3"))
    office.decides("s2", "approve")
    list(seal(database, Selection(), office.sealing()))
    office.arrives(theirs("s1", energy_wh=12_000.0))
    return office


def everything(tmp_path: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (tmp_path / "var").iterdir())


def test_nothing_of_the_user_is_left_in_the_file(office: Office, tmp_path: Path) -> None:
    assert TOKEN.encode() in everything(tmp_path)
    before = office.store.get("s1")
    assert erase_user(office.database, [TOKEN], at=LATER, actor="dpo", unbilled=False) == 2
    assert TOKEN.encode() not in everything(tmp_path)
    assert CONTRACT.encode() not in everything(tmp_path)
    after, other = office.store.get("s1"), office.store.get("s3")
    assert before is not None
    assert after == replace(before, user=None, details={"token_type": "RFID", "erased": "user"})
    assert other is not None
    assert other.user == "u-1"
    (cdr,) = office.case("s1").cdrs
    assert exact_json.loads(cdr.content)["cdr_token"] == {"type": "RFID"}
    assert exact_json.loads(cdr.content)["total_cost"] == {"excl_vat": 33, "incl_vat": 41.25}


def test_a_contract_is_a_name_of_the_user_too(office: Office, tmp_path: Path) -> None:
    with office.database.read() as connection:
        assert sessions_of(connection, [CONTRACT]) == sessions_of(connection, [TOKEN]) == ["s1", "s2"]
    assert erase_user(office.database, [CONTRACT], at=LATER, actor="dpo", unbilled=False) == 2
    assert CONTRACT.encode() not in everything(tmp_path)
    assert TOKEN.encode() not in everything(tmp_path)


def test_the_erasure_is_audited_and_names_nobody(office: Office) -> None:
    erase_user(office.database, [TOKEN], at=LATER, actor="dpo", unbilled=False)
    assert erase_user(office.database, [TOKEN], at=LATER, actor="dpo", unbilled=False) == 0
    with office.database.read() as connection:
        entries = audit.list(connection, action="user.erase")
    assert [(each.actor, each.subject, each.details) for each in entries] == [
        ("dpo", "", {"sessions": 0}), ("dpo", "", {"sessions": 2}),
    ]  # fmt: skip


def test_readings_that_come_later_do_not_bring_the_user_back(office: Office) -> None:
    erase_user(office.database, [TOKEN], at=LATER, actor="dpo", unbilled=False)
    office.arrives(theirs("s1", energy_wh=13_000.0), theirs("s2", energy_wh=14_000.0))
    proposal = office.case("s1").proposal
    assert proposal is not None
    assert proposal.session is not None
    assert (proposal.session.energy_wh, proposal.session.user) == (13_000.0, None)
    with office.database.read() as connection:
        assert sessions_of(connection, [TOKEN]) == []


@pytest.mark.parametrize(
    ("session", "message"),
    [
        (theirs("s4", closed_at=None, plug_out=None), "session s4 is still under way"),
        (theirs("s4"), "1 sessions are not exported yet"),
    ],
    ids=["under way", "not exported"],
)
def test_what_still_needs_the_user_is_named(office: Office, session: Session, message: str) -> None:
    office.arrives(session)
    with pytest.raises(InputError, match=message):
        erase_user(office.database, [TOKEN], at=LATER, actor="dpo", unbilled=False)
    assert office.store.get("s1") is not None
    with office.database.read() as connection:
        assert sessions_of(connection, [TOKEN]) == ["s1", "s2", "s4"]


def test_unbilled_sessions_are_erased_on_demand(office: Office) -> None:
    office.arrives(theirs("s4"))
    assert erase_user(office.database, [TOKEN], at=LATER, actor="dpo", unbilled=True) == 3


def test_retention_takes_the_user_out_of_versions_proposals_and_cdrs_too(office: Office) -> None:
    assert sum(office.store.forget_users(NOON + timedelta(days=1))) > 0
    assert sum(office.store.forget_users(NOON + timedelta(days=1))) == 0
    with office.database.read() as connection:
        assert sessions_of(connection, [TOKEN]) == []
    cdr = exact_json.loads(office.case("s1").cdrs[0].content)
    assert cdr["cdr_token"] == {"country_code": "SE", "party_id": "ABC", "type": "RFID", "contract_id": CONTRACT}
    session = office.store.get("s1")
    assert session is not None
    assert session.details["contract_id"] == CONTRACT

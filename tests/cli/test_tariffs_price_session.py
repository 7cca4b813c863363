"""`laddvakt tariffs price --session`: a stored session, under its own tariff and under another."""

import json
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from monitor.cli import commands
from monitor.errors import InputError, UsageError
from monitor.register import Register
from monitor.sessions.billing import bill
from monitor.state.database import Database
from monitor.state.sessions import SessionStore
from monitor.state.tariffs import TariffStore
from tests.authoring.test_compare import OLD, START, book, visit

OTHER = """
tariffs: [{id: flat, currency: SEK, elements: [{price_components: [{type: FLAT, price: 40, vat: 25}]}]}]
"""


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """One priced session with a service, one in review, one under way; the tariff file has changed since."""
    monkeypatch.chdir(tmp_path)
    old = book(tmp_path, "old.yaml", OLD)
    priced = bill(visit(random.Random(3), 0), old, Register(), "plug_out")
    doubtful = replace(priced, id="doubtful", bill=None, state="review", flags=frozenset({"register_jump"}))
    going_on = replace(priced, id="going-on", bill=None, state="open", closed_at=None)
    database = Database("sqlite:///var/state.sqlite")
    database.migrate()
    SessionStore(database).save([priced, doubtful, going_on])
    TariffStore(database).note(old.tariffs.values(), START - timedelta(days=1))
    database.close()
    (tmp_path / "rules" / "tariffs").mkdir(parents=True)
    (tmp_path / "rules" / "tariffs" / "t.yaml").write_text(OLD.replace("price: 3", "price: 9"), encoding="utf-8")
    (tmp_path / "other.yaml").write_text(OTHER, encoding="utf-8")
    return priced


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(commands, ["tariffs", "price", *arguments, "--json"], catch_exceptions=False)
    return json.loads(result.stdout, parse_float=Decimal)


def test_under_the_version_that_held_at_plug_in_it_costs_what_its_bill_says(stored: Any) -> None:
    answer = run("--session", stored.id)
    assert (answer["id"], answer["tariff_id"], answer["warnings"]) == (stored.id, "old", [])
    assert answer["total_cost"]["incl_vat"] == round(stored.bill.total.incl_vat, 4)
    assert [line["dimension"] for line in answer["lines"]] == ["ENERGY", "SERVICE"]
    assert answer["lines"][1]["reason"]["sv"] == "wash"


def test_under_another_tariff(stored: Any) -> None:
    answer = run("--session", stored.id, "--tariff", "other.yaml")
    assert answer["total_fixed_cost"] == {"excl_vat": Decimal("60.25"), "incl_vat": Decimal("72.68")}
    told = CliRunner().invoke(commands, ["tariffs", "price", "--session", stored.id, "--tariff", "other.yaml"]).stdout
    assert "total 60.25 SEK without tax, 72.68 SEK with tax" in told


def test_what_a_person_has_to_look_at_is_priced_and_says_so(stored: Any) -> None:
    assert run("--session", "doubtful")["warnings"] == [
        "in review (register_jump): not billed before a person has looked"
    ]


def test_what_it_refuses(stored: Any) -> None:
    with pytest.raises(InputError, match="there is no session 'none'"):
        run("--session", "none")
    with pytest.raises(InputError, match="is under way: its page has the price so far"):
        run("--session", "going-on")
    with pytest.raises(UsageError, match="either --cdr FILE or --session ID"):
        run("--tariff", "other.yaml")

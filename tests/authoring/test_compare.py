"""Past sessions priced again: each as the reference engine prices it, and the tables made of them."""

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.authoring.compare import Prices, compare
from monitor.cli import commands
from monitor.errors import InputError
from monitor.ids import Place
from monitor.register import Register
from monitor.sessions.billing import bill, usage_of
from monitor.sessions.model import Period, Session
from monitor.state.database import Database
from monitor.state.repricing import Selection
from monitor.state.sessions import SessionStore
from monitor.tariffs.files import TariffBook, load_files
from monitor.tariffs.pricing import price
from monitor.tariffs.rounding import Policy

START = datetime(2026, 3, 28, 20, tzinfo=UTC)  # the night of a clock change
OLD = """
tariffs: [{id: old, currency: SEK, elements: [{price_components: [{type: ENERGY, price: 3, vat: 25, step_size: 1}]}]}]
assign: [{tariff: old}]
"""
NEW = """
tariffs:
  - id: night
    currency: SEK
    elements:
      - restrictions: {start_time: "01:30", end_time: "05:00", min_kwh: 2}
        price_components: [{type: ENERGY, price: 1.1, vat: 25, step_size: 100}]
      - restrictions: {min_power: 9}
        price_components: [{type: ENERGY, price: 4.44, vat: 25}, {type: TIME, price: 1, vat: 6, step_size: 60}]
      - restrictions: {reservation: RESERVATION}
        price_components: [{type: TIME, price: 12, vat: 25, step_size: 600}]
      - price_components: [{type: ENERGY, price: 2.99, vat: 25}, {type: PARKING_TIME, price: 7, vat: 25, step_size: 90}]
"""
HALF = "assign: [{site: a, tariff: night}]\n"


def book(folder: Path, name: str, text: str) -> TariffBook:
    (folder / name).write_text(text, encoding="utf-8")
    return load_files({name: folder / name})


def sold(started: datetime) -> tuple[dict[str, str], ...]:
    reserved = {"reserved_from": (started - timedelta(minutes=25)).isoformat()}
    return ({"name": "wash", "price": "20.25", "vat": "12"}, reserved)


def visit(chance: random.Random, number: int) -> Session:
    """Charging at changing power, then parked; the register says a bit more than the periods."""
    at = started = START + timedelta(seconds=chance.randrange(40_000))
    periods = []
    for index in range(chance.randrange(1, 9)):
        end = at + timedelta(seconds=chance.randrange(30, 1500))
        parked = index > 5
        power = None if chance.random() < 0.2 else float(chance.randrange(5000, 13_000))
        energy = 0.0 if parked else chance.randrange(3_000_000) / 1000
        periods.append(Period(at, end, "parking" if parked else "charging", "x", energy, power, None))
        at = end
    stopped = periods[-1].start + (periods[-1].end - periods[-1].start) / 3
    return Session(
        id=f"{number:016x}", place=Place(chance.choice("ab"), "t", "1"), transaction=str(number), plug_in=started,
        started=started, stopped=stopped, plug_out=at, closed_at=at, user=chance.choice(["u1", "u2", "u3", None]),
        group=None, stop_reason=None, energy_wh=sum(each.energy_wh for each in periods) + 1.5, register_start_wh=0,
        register_stop_wh=0, integrated_wh=None, charging_time=timedelta(), idle_time=timedelta(), average_power_w=None,
        peak_power_w=None, soc_in=None, soc_out=None, phases=None, flags=frozenset(), diagnosis=None, state="open",
        periods=tuple(periods), services=sold(started) if number % 7 == 0 else (),
    )  # fmt: skip


@pytest.fixture
def past(tmp_path: Path) -> tuple[str, list[Session]]:
    """Sixty sessions in a state database, priced by the old tariff."""
    url, chance = f"sqlite:///{tmp_path / 'state.sqlite'}", random.Random(3)
    old = book(tmp_path, "old.yaml", OLD)
    sessions = [bill(visit(chance, number), old, Register(), "plug_out") for number in range(60)]
    database = Database(url)
    database.migrate()
    SessionStore(database).save(sessions)
    database.close()
    return url, sessions


@pytest.mark.parametrize("bill_until", ["plug_out", "stopped"])
def test_every_session_costs_what_the_reference_says(past, tmp_path, bill_until):
    url, sessions = past
    new = book(tmp_path, "new.yaml", NEW)
    prices = Prices(Register(), bill_until, Policy(), new.tariffs["night"])
    found = compare(url, prices, Selection())
    zone = Register().zone("a")
    expected = [
        Policy().total(price(usage_of(each, bill_until), new.tariffs["night"], zone).total) for each in sessions
    ]
    assert found.totals["new_incl"] == sum(each.incl_vat for each in expected)
    assert found.totals["new_excl"] == sum(each.excl_vat for each in expected)
    assert found.totals["old_excl"] == sum(Policy().total(each.bill.total).excl_vat for each in sessions)
    changes = [
        new.incl_vat - Policy().total(old.bill.total).incl_vat for new, old in zip(expected, sessions, strict=True)
    ]
    assert found.sessions_by_change == {
        "cheaper": sum(each < 0 for each in changes), "same": 0, "dearer": sum(each > 0 for each in changes),
    }  # fmt: skip
    assert found.change_quantiles["p0"] == min(changes)
    assert found.change_quantiles["p100"] == max(changes)
    assert sum(row["sessions"] for row in found.hours) == found.sessions == 60
    of_u1 = [each for each, session in zip(changes, sessions, strict=True) if session.user == "u1"]
    assert {row["user"]: row["change"] for row in found.winners + found.losers}["u1"] == sum(of_u1)
    assert found.break_even == (found.totals["old_excl"] / found.totals["new_excl"]).quantize(Decimal("0.0001"))


def test_a_set_prices_those_that_it_assigns(past, tmp_path):
    url, sessions = past
    prices = Prices(Register(), "plug_out", Policy(), None, book(tmp_path, "half.yaml", NEW + HALF))
    found = compare(url, prices, Selection())
    at_a = [session for session in sessions if session.place.site == "a"]
    assert (found.sessions, found.not_compared) == (len(at_a), 60 - len(at_a))
    assert [row["site"] for row in found.sites] == ["a"]


def test_two_processes_say_the_same(past, tmp_path):
    url, _ = past
    prices = Prices(Register(), "plug_out", Policy(), book(tmp_path, "new.yaml", NEW).tariffs["night"])
    assert compare(url, prices, Selection(), processes=2) == compare(url, prices, Selection())


def test_the_command_and_what_it_refuses(past, tmp_path, monkeypatch):
    url, _ = past
    monkeypatch.setenv("LADDVAKT_STATE__URL", url)
    monkeypatch.chdir(tmp_path)
    book(tmp_path, "new.yaml", NEW)
    arguments = ["tariffs", "compare", "new.yaml"]
    answer = json.loads(CliRunner().invoke(commands, [*arguments, "--json"], catch_exceptions=False).stdout)
    assert answer["sessions"] == 60
    told = CliRunner().invoke(commands, arguments, catch_exceptions=False).stdout
    assert "60 sessions compared, 0 not" in told
    with pytest.raises(InputError, match="no session of this time has a price"):
        CliRunner().invoke(commands, [*arguments, "--from", "2030-01-01"], catch_exceptions=False)
    book(tmp_path, "euro.yaml", NEW.replace("SEK", "EUR"))
    with pytest.raises(InputError, match="prices in EUR and SEK cannot be compared"):
        CliRunner().invoke(commands, ["tariffs", "compare", "euro.yaml"], catch_exceptions=False)


def test_only_a_site_or_a_group(past, tmp_path):
    url, sessions = past
    prices = Prices(Register(), "plug_out", Policy(), book(tmp_path, "new.yaml", NEW).tariffs["night"])
    found = compare(url, prices, Selection(site="a"))
    assert found.sessions == sum(session.place.site == "a" for session in sessions)
    assert [row["site"] for row in found.sites] == ["a"]
    with pytest.raises(InputError, match="no session of this time has a price"):
        compare(url, prices, Selection(group="fleet"))


def test_what_customers_pay_on_average_and_how_it_spreads(past, tmp_path):
    url, sessions = past
    prices = Prices(Register(), "plug_out", Policy(), book(tmp_path, "new.yaml", NEW).tariffs["night"])
    found = compare(url, prices, Selection())
    of_users = [row["change"] for row in found.winners + found.losers]
    assert (found.user_change_quantiles["p0"], found.user_change_quantiles["p100"]) == (min(of_users), max(of_users))
    paid = sum(Policy().total(each.bill.total).incl_vat for each in sessions if each.user)
    assert found.cost_per_user["old_incl"] == (paid / 3).quantize(Decimal("0.0001"))

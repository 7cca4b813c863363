"""A sealed bill and rows that come a day late: from the write endpoint's lines to the credit CDR."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.config import Paths, Settings
from monitor.service import Service
from monitor.state.reviewing import Decision, pricing
from monitor.state.sealing import Sealing, Selection, making, seal
from monitor.state.tariffs import TariffStore
from monitor.tariffs import exact_json
from monitor.tariffs.rounding import PER_TOTAL
from tests.state.visits import TARIFF

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
PLACE = "site=s,station=t,connector=1"


class Hands:
    """A clock that is set."""

    speed = 1.0

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def real_time_of(self, moment: datetime) -> datetime:
        return moment


class Site:
    """A service whose ticks are called, and a connector that sends lines."""

    def __init__(self, folder: Path) -> None:
        self._settings = Settings(paths=Paths(rules=folder / "rules", var=folder / "var"))
        self.clock = Hands()
        self.service = Service(self._settings, self.clock)

    def restarts(self) -> None:
        self.service.stop()
        self.service = Service(self._settings, self.clock)

    def sends(self, minute: float, what: str, fields: str) -> None:
        measurement, _, event = what.partition(" ")
        tags = f"{PLACE},event={event}" if event else PLACE
        moment = NOON + timedelta(minutes=minute)
        self.clock.at, at = max(self.clock.at, moment), int(moment.timestamp())
        parsed = self.service.intake.write(f"{measurement},{tags} {fields} {at}".encode(), "s")
        assert not parsed.rejected

    def ticks(self, minute: float) -> None:
        self.clock.at = NOON + timedelta(minutes=minute)
        self.service.tick()
        assert self.service.ticks.last_error == ""

    def exports(self) -> list[dict[str, object]]:
        service, until = self.service, self._settings.sessions.bill_until
        made = making(TariffStore(service.database).history(), service.register, until, PER_TOTAL, "2.2.1")
        sealing = Sealing(made, "2.2.1", "finance", service.now())
        return [exact_json.loads(sent.text) for sent in seal(service.database, Selection(), sealing)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An hour of charging at 10 kW, closed, priced and sealed; its last half hour of meter values is missing."""
    (tmp_path / "rules" / "tariffs").mkdir(parents=True)
    (tmp_path / "rules" / "tariffs" / "t.yaml").write_text(TARIFF)
    found = Site(tmp_path)
    found.sends(0, "transaction start", 'session="7",user="tag",meter_wh=0')
    found.sends(0, "status", 'status="Charging"')
    for minute in range(0, 31, 5):
        found.sends(minute, "meter", f"power_w=10000,energy_wh={minute * 10_000 / 60:.3f}")
    found.sends(60, "transaction stop", 'session="7",meter_wh=10000')
    found.sends(60.5, "status", 'status="Available"')
    found.ticks(61)
    found.ticks(90)
    (cdr,) = found.exports()
    assert cdr["total_energy"] == 10
    yield found
    found.service.stop()


def state(site: Site) -> tuple[str, bool]:
    (session,) = site.service.sessions.list()
    case = site.service.reviews.case(session.id)
    assert case is not None
    return session.state, case.proposal is not None


def test_rows_that_change_nothing_propose_nothing(site: Site) -> None:
    site.sends(61, "meter", "temperature_c=20")
    site.sends(30, "meter", "power_w=10000,energy_wh=5000,soc=50")
    site.ticks(91)
    assert state(site) == ("sealed", False)
    site.restarts()
    site.sends(25, "meter", "soc=45")
    site.ticks(92)
    assert state(site) == ("sealed", False)


@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
def test_a_stop_that_was_mended_is_credited_and_billed_anew(site: Site, restarted: bool) -> None:
    if restarted:
        site.restarts()
    site.sends(60, "transaction stop", 'session="7",meter_wh=9000')
    site.ticks(24 * 60)
    assert state(site) == ("sealed", True)
    assert site.exports() == []
    (session,) = site.service.sessions.list()
    assert session.energy_wh == 10_000
    service = site.service
    price = pricing(service.tariffs, service.register, "plug_out")
    service.reviews.decide(session.id, Decision("approve", "meter mended", "anna", service.now()), price)
    credit, anew = site.exports()
    assert (credit["credit_reference_id"], anew["id"], anew["total_energy"]) == (session.id, f"{session.id}-2", 9)
    site.restarts()
    site.sends(40, "meter", "soc=60")
    site.ticks(25 * 60)
    assert state(site) == ("sealed", False)


def test_a_second_start_that_comes_late_never_bills_the_visit_twice(site: Site) -> None:
    """It is another visit, of unknown energy, before the sealed one: a person looks, and nothing goes out."""
    site.sends(-3, "transaction start", 'session="7",user="tag",meter_wh=0')
    site.ticks(24 * 60)
    assert site.exports() == []
    found = {session.state: session.details.get("review") for session in site.service.sessions.list()}
    assert found == {"sealed": None, "review": "energy_unknown"}

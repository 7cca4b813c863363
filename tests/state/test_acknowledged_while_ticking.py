"""An acknowledgement made while a tick runs is never lost, on SQLite and on a real PostgreSQL."""

import threading
from collections.abc import Iterator
from datetime import datetime
from importlib.util import find_spec

import pyarrow as pa
import pytest

from monitor import documents
from monitor.alerts.notify_file import parse
from monitor.register import Register
from monitor.rules.answer import Answer, Evaluation, Level, Texts
from monitor.rules.files import parse_rules
from monitor.state.database import Database
from monitor.state.responses import ResponseStore
from monitor.state.tick import record_tick
from tests import postgresql
from tests.conftest import missing
from tests.state.test_tick import NOON, NOTIFY, RULES, SLOT

TIMES = 1000
ALERTS = 4
"""Each changes its level at every tick, so that every tick writes every row that could hide what people say."""
RENDERED = {"en": Texts("Slow", "slow")}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('state') / 'state.sqlite'}"
        return
    if postgresql.installed() is None or find_spec("psycopg") is None:
        missing("no PostgreSQL here (Debian: apt-get install postgresql), or no psycopg")
    with postgresql.server() as address:
        yield postgresql.database(address)


@pytest.mark.timeout(300)
def test_a_thousand_acknowledgements_made_in_the_middle_of_a_tick(shared_url: str) -> None:
    ticking, desk = Database(shared_url), Database(shared_url)
    ticking.migrate()
    story = Story(ticking, desk)
    story.tick(acknowledged=False)
    for _ in range(TIMES // ALERTS):
        story.tick(acknowledged=True)
        found = story.said.acknowledged(story.numbers, story.now)
        assert [found[number].comment for number in story.numbers] == [f"tick {story.slot}"] * ALERTS
    assert sum(len(story.said.acknowledgements(number)) for number in story.numbers) == TIMES
    ticking.close()
    desk.close()


class Story:
    """Ticks over alerts, during which people acknowledge them through connections of their own."""

    numbers = range(1, ALERTS + 1)

    def __init__(self, ticking: Database, desk: Database) -> None:
        self.database, self.said = ticking, ResponseStore(desk)
        self.rules = parse_rules(documents.parse(RULES, "r.yaml"))
        self.routes = parse(documents.parse(NOTIFY, "notify.yaml"))
        self.slot = 0

    @property
    def now(self) -> datetime:
        return NOON + self.slot * SLOT

    def tick(self, *, acknowledged: bool) -> None:
        """One tick; the alerts are acknowledged while its transaction is open: the texts are rendered inside it."""
        self.slot += 1
        level: Level = "critical" if self.slot % 2 else "warning"
        people = [threading.Thread(target=self._acknowledge, args=(number,)) for number in self.numbers]

        def render(*_: object) -> dict[str, Texts]:
            if acknowledged and people[0].ident is None:
                for person in people:
                    person.start()
            return RENDERED

        answers = tuple(Answer("slow", f"malmo/m-1/{n}", self.now, True, level, False) for n in self.numbers)
        record_tick(
            self.database, Evaluation(self.now, answers, {}, pa.table({})), rules=self.rules, register=Register(),
            routes=self.routes, interval=SLOT, render=render,
        )  # fmt: skip
        for person in people if acknowledged else ():
            person.join()

    def _acknowledge(self, alert: int) -> None:
        self.said.acknowledge(alert, by="anna", at=self.now, comment=f"tick {self.slot}")

"""A service that only ticks, for tests that kill it: `ticker.py URL TICKS [STUCK_AT WHERE]`.

Runs the ticks that the database has not seen yet, up to TICKS, half a minute apart. At tick STUCK_AT it prints `stuck`
and waits to be killed: WHERE is `inside` the transaction (alerts written, messages not) or `after` it.
"""

import sys
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
from sqlalchemy import func, select

from monitor import documents
from monitor.alerts.notify_file import parse
from monitor.register import Register
from monitor.rules.answer import Answer, Evaluation
from monitor.rules.files import parse_rules
from monitor.state.database import Database
from monitor.state.tables import evaluations
from monitor.state.tick import record_tick

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SLOT = timedelta(seconds=30)
RULES = """
rules:
  - {id: slow, title: Slow, on: connector, when: power_w < 5 kW, for: 1m, keep_firing_for: 1m,
     message: {summary: "{{ power_w | kw }}"}}
"""
NOTIFY = "receivers: {noc: {mail: [a@x.se, b@x.se]}}\ndefault: {to: noc}"
SUBJECTS = [f"site-{number % 3}/s/{number}" for number in range(6)]


def stuck() -> None:
    sys.stdout.write("stuck\n")
    sys.stdout.flush()
    time.sleep(60)


class StuckRegister(Register):
    """Asked for a zone when a message is composed: the alerts of the transaction are written by then."""

    def zone(self, site_key: str) -> ZoneInfo:
        stuck()
        return super().zone(site_key)


def evaluation(tick: int) -> Evaluation:
    """Each subject is slow for a while, at another time than the others; one of them twice."""
    now = NOON + tick * SLOT
    answers = []
    for number, subject in enumerate(SUBJECTS):
        slow = number <= tick < number + 6 or (number == 0 and tick >= 14)
        answers.append(
            Answer("slow", subject, now, slow, "warning" if slow else None, not slow, values={"power_w": 3000.0})
        )
    return Evaluation(now, tuple(answers), {}, pa.table({}))


def main(url: str, ticks: int, stuck_at: int = -1, where: str = "") -> None:
    database = Database(url)
    database.migrate()
    with database.read() as connection:
        last = connection.execute(select(func.max(evaluations.c.at_us))).scalar()
    first = 0 if last is None else (last - NOON) // SLOT + 1
    rules = parse_rules(documents.parse(RULES, "rules.yaml"))
    routes = parse(documents.parse(NOTIFY, "notify.yaml"))
    for tick in range(first, ticks):
        here = where if tick == stuck_at else ""
        register = StuckRegister() if here == "inside" else Register()
        record_tick(database, evaluation(tick), rules=rules, routes=routes, register=register, interval=SLOT)
        if here == "after":
            stuck()
    database.close()


if __name__ == "__main__":
    _, url_, ticks_, *stuck_ = sys.argv
    main(url_, int(ticks_), int(stuck_[0]) if stuck_ else -1, stuck_[1] if stuck_ else "")

"""The evaluator and the outbox of a service over a scripted hour, for tests that kill it and test two of them at once.

It reads orders from standard input, `URL OWNER PORT BEGAN SPEED ANSWER MAIL`, and forks a service for each, which runs
until it is killed: what takes long, importing it all, is done once. BEGAN is the real time (epoch) of the hour's begin,
SPEED how much faster than real time it passes, PORT that of the mail server, ANSWER and MAIL its limits in seconds.
"""

import os
import random
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zlib import crc32

import pyarrow as pa
import structlog

from monitor import documents
from monitor.alerts.notify_file import parse
from monitor.config import Mail
from monitor.notify.mail import MailChannel
from monitor.notify.smtp import Limits
from monitor.notify.worker import OutboxWorker, Pauses
from monitor.register import Register
from monitor.rules.answer import Answer, Evaluation, Level
from monitor.rules.files import parse_rules
from monitor.state.database import Database
from monitor.state.outbox import Outbox
from monitor.state.tick import record_tick

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SLOT = timedelta(seconds=30)
ADDRESSES = ("first@x.example", "second@x.example")
PUBLIC = "https://pages.example"
RULES = """
rules:
  - {id: slow, title: Slow, on: connector, when: power_w < 5 kW, for: 30s, keep_firing_for: 30s,
     message: {summary: "{{ power_w | kw }}"}}
"""
NOTIFY = f"receivers: {{noc: {{mail: {list(ADDRESSES)}}}}}\ndefault: {{to: noc, repeat_interval: 20m}}"
SUBJECTS = [f"site-{number % 4}/s/{number}" for number in range(10)]


@dataclass(frozen=True)
class Clock:
    """The hour's present."""

    began: float
    speed: float

    def __call__(self) -> datetime:
        return NOON + timedelta(seconds=(time.time() - self.began) * self.speed)


def level(subject: str, at: datetime) -> Level | None:
    """What the script says: three troubles of 2 to 9 minutes for each subject, of which the middle one gets worse."""
    chance = random.Random(crc32(subject.encode()))
    for trouble in range(3):
        begin = NOON + timedelta(minutes=chance.uniform(0, 10) + trouble * 20)
        length = timedelta(minutes=chance.uniform(2, 9))
        if begin <= at < begin + length:
            return "critical" if trouble == 1 and at > begin + length / 2 else "warning"
    return None


def evaluation(now: datetime) -> Evaluation:
    answers = []
    for subject in SUBJECTS:
        worst = level(subject, now)
        answers.append(Answer("slow", subject, now, worst is not None, worst, not worst, values={"power_w": 3000.0}))
    return Evaluation(now, tuple(answers), {}, pa.table({}))


def serve(url: str, owner: str, port: int, clock: Clock, limits: Limits) -> None:
    """Tick and send for ever."""
    database = Database(url)
    database.migrate()
    mail = Mail(host="127.0.0.1", port=port, sender=f"Laddvakt <{owner}@example.org>")
    worker = OutboxWorker(
        Outbox(database, owner), MailChannel(mail, PUBLIC, limits), clock, pauses=Pauses(poll=0.02, broken=0.05)
    )
    worker.start()
    rules, routes = parse_rules(documents.parse(RULES, "r.yaml")), parse(documents.parse(NOTIFY, "n.yaml"))
    while True:
        slot = NOON + (clock() - NOON) // SLOT * SLOT
        record_tick(database, evaluation(slot), rules=rules, routes=routes, register=Register(), interval=SLOT)
        worker.wake()
        time.sleep(max(0.0, (slot + SLOT - clock()).total_seconds() / clock.speed))


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    for line in sys.stdin:
        url, owner, port, began, speed, answer, whole = line.split()
        pid = os.fork()
        if pid == 0:
            limits = Limits(answer=float(answer), mail=float(whole))
            serve(url, owner, int(port), Clock(float(began), float(speed)), limits)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Alerts in bulk: a tick that fires 5,000, the size of what it tells, and how soon a mail server has accepted it.

Design: a mail is under 100 kB with at most 20 rows; 500 messages to 500 receivers in 15 s; p99 from the end of the tick
to acceptance 1 s at 20 messages. Sending is beside the tick: it is timed without and with a worker.
"""

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import structlog

from monitor import documents
from monitor.alerts.model import Message, MessageRow
from monitor.alerts.notify_file import parse
from monitor.config import Mail
from monitor.demo.mailbox import Mailbox
from monitor.notify.compose import compose
from monitor.notify.mail import MailChannel
from monitor.notify.worker import OutboxWorker
from monitor.register import Register
from monitor.rules.answer import Answer, Evaluation, Texts
from monitor.rules.files import parse_rules
from monitor.state.database import Database
from monitor.state.outbox import Outbox
from monitor.state.tick import record_tick

ALERTS, RECEIVERS, ROUNDS = 5000, 500, 50
RULES = (
    "rules:\n  - {id: slow, title: Slow, on: connector, when: power_w < 5 kW, message: {summary: '{{ power_w | kw }}'}}"
)
NOTIFY = "receivers: {noc: {mail: [noc@x.example]}}\ndefault: {to: noc, group_wait: 0s}"
SLOT = timedelta(seconds=30)
URL, SENDER = "https://laddvakt.example.org", "alerts@example.org"


def now() -> datetime:
    return datetime.now(UTC)


def tick(database: Database, subjects: list[str]) -> float:
    """Seconds of a tick in which all of them fire."""
    at = now()
    answers = tuple(Answer("slow", each, at, True, "warning", False, values={"power_w": 3e3}) for each in subjects)
    rules, routes = parse_rules(documents.parse(RULES, "r.yaml")), parse(documents.parse(NOTIFY, "n.yaml"))
    began = time.perf_counter()
    for slot in range(2):  # pending, then firing
        evaluation = Evaluation(at + slot * SLOT, answers, {}, pa.table({}))
        record_tick(database, evaluation, rules=rules, routes=routes, register=Register(), interval=SLOT)
    return time.perf_counter() - began


def bulk(folder: Path, name: str, subjects: list[str], box: Mailbox) -> None:
    took = []
    for sending in (False, True):
        database = Database(f"sqlite:///{folder / f'{name}-{sending}.sqlite'}")
        database.migrate()
        worker = OutboxWorker(Outbox(database), MailChannel(settings(box), URL), now)
        if sending:
            worker.start()
        took.append(tick(database, subjects))
        if sending:
            worker.stop()
        else:
            claimed = Outbox(database).claim("mail", now() + SLOT, SLOT, 1000)
            mails = [compose(each.message, URL, SENDER) for each in claimed]
            sizes = max(len(mail.as_bytes()) for mail in mails)
            rows = max(len(each.message.rows) for each in claimed)
        database.close()
    print(f"{name}: two ticks {took[0]:.2f} s, with sending beside them {took[1]:.2f} s; "
          f"{len(mails)} mail(s), largest {sizes / 1000:.1f} kB (100), rows {rows} (20)")  # fmt: skip


def settings(box: Mailbox) -> Mail:
    host, port = box.address
    return Mail(host=host, port=port, sender=SENDER)


def message(number: int, address: str) -> Message:
    row = MessageRow(number, "slow", f"s-{number}/x/1", "firing", "warning", now(), None, "", Texts("Slow", "3 kW"))
    key = f"{number} {time.time_ns()}"
    return Message(key, key, "noc", address, "en", {"site": f"s-{number}"}, "firing", now(), 1, 0, (row,), "UTC")


def acceptance(folder: Path, box: Mailbox) -> None:
    database = Database(f"sqlite:///{folder / 'send.sqlite'}")
    database.migrate()
    outbox = Outbox(database)
    worker = OutboxWorker(outbox, MailChannel(settings(box), URL), now)
    worker.start()
    begin = box.received

    def send(messages: list[Message]) -> float:
        with database.begin() as tx:
            outbox.add(tx, messages, {each.key: () for each in messages})
        began, wanted = time.perf_counter(), box.received + len(messages)
        worker.wake()
        while box.received < wanted:
            time.sleep(0.002)
        return time.perf_counter() - began

    took = send([message(number, f"r{number}@x.example") for number in range(RECEIVERS)])
    print(f"{RECEIVERS} messages to {RECEIVERS} receivers: all accepted after {took:.2f} s (15)")
    last = [send([message(number, f"r{number}@x.example") for number in range(20)]) for _ in range(ROUNDS)]
    median, p99 = np.median(last), np.quantile(last, 0.99)
    print(f"20 messages, {ROUNDS} times: the last accepted after {median:.2f} s, p99 {p99:.2f} s (1)")
    assert box.received - begin == RECEIVERS + 20 * ROUNDS
    worker.stop()
    database.close()


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    box = Mailbox(now)
    box.start()
    with tempfile.TemporaryDirectory() as folder:
        bulk(Path(folder), f"{ALERTS} alerts at one site", [f"s/x-{n}/1" for n in range(ALERTS)], box)
        bulk(Path(folder), f"{ALERTS} alerts at 500 sites", [f"s-{n % 500}/x-{n}/1" for n in range(ALERTS)], box)
        acceptance(Path(folder), box)
    box.stop()


if __name__ == "__main__":
    main()

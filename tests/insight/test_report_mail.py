"""The report of a month by mail: when it is due, once to each address, what stands in it, over a real mail server."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts.monthly import Monthly
from monitor.alerts.routes import Receiver, Routes, Webhook
from monitor.config import Mail
from monitor.demo.mailbox import Mailbox
from monitor.insight.figures import BY_NAME
from monitor.notify.mail import MailChannel
from monitor.notify.worker import OutboxWorker
from monitor.register import Register, RegisterFile
from monitor.state.database import Database
from monitor.state.insight import InsightStore
from monitor.state.insight_due import note_span
from monitor.state.outbox import Outbox
from monitor.state.reports import Reports
from tests.insight.real import AC_SITE, DC_SITE, ac_frame
from tests.notify.conftest import eventually

STOCKHOLM = ZoneInfo("Europe/Stockholm")
BEGIN = datetime(2019, 7, 1, 7, tzinfo=STOCKHOLM)
SITES = Register(RegisterFile.model_validate({
    "sites": {AC_SITE: {"name": "Caltech"}, DC_SITE: {"zone": "Europe/Zurich"}, "empty": {}}
}))  # fmt: skip
ROUTES = Routes(
    receivers={
        "noc": Receiver("noc", ("noc@example.org", "webhook:noc"), "sv", webhook=Webhook("https://x.se")),
        "host": Receiver("host", ("host@example.org",), "en"),
    },
    reports=(Monthly("noc"), Monthly("host", (AC_SITE[:2] + "*",))),
)
DUE = {
    "the first morning": (Monthly("noc"), datetime(2026, 6, 1, 7, tzinfo=STOCKHOLM), date(2026, 5, 1)),
    "before it": (Monthly("noc"), datetime(2026, 6, 1, 6, 59, tzinfo=STOCKHOLM), None),
    "over new year": (Monthly("noc", day=3), datetime(2026, 1, 9, tzinfo=UTC), date(2025, 12, 1)),
    "not yet the day": (Monthly("noc", day=15), datetime(2026, 6, 14, tzinfo=UTC), None),
    "by the site's clock": (
        Monthly("noc", at=time(0, 30)),
        datetime(2026, 5, 31, 22, 30, tzinfo=UTC),
        date(2026, 5, 1),
    ),
}


@pytest.mark.parametrize(("monthly", "now", "month"), DUE.values(), ids=DUE.keys())
def test_when_a_report_is_due(monthly: Monthly, now: datetime, month: date | None) -> None:
    assert monthly.due(now, STOCKHOLM) == month


@pytest.fixture
def database(real: Database, tmp_path: Path) -> Iterator[Database]:
    """A copy of the real sessions and their figures."""
    assert real.file is not None
    with closing(sqlite3.connect(real.file)) as source, closing(sqlite3.connect(tmp_path / "state.sqlite")) as target:
        source.backup(target)
    with closing(Database(f"sqlite:///{tmp_path / 'state.sqlite'}")) as database:
        yield database


def send(database: Database, now: datetime) -> int:
    return Reports(database, InsightStore(database), Outbox(database)).send_due(ROUTES, SITES, now)


def test_each_address_has_the_report_of_each_site_once(database: Database) -> None:
    assert send(database, BEGIN - timedelta(minutes=1)) == 0
    assert send(database, BEGIN) == 2  # of the site with sessions; a program reads no reports
    assert send(database, BEGIN + timedelta(days=20)) == 0
    waiting = Outbox(database).list("waiting")
    assert {(each.key, each.address, each.kind) for each in waiting} == {
        ("report:acn:2019-06:noc@example.org", "noc@example.org", "report"),
        ("report:acn:2019-06:host@example.org", "host@example.org", "report"),
    }


def test_nothing_is_told_while_figures_are_being_made(database: Database) -> None:
    with database.begin() as tx:
        note_span(tx, AC_SITE, 0, 1)
    assert send(database, BEGIN) == 0


def test_reports_that_had_to_wait_are_in_no_summary_of_alerts(database: Database) -> None:
    assert send(database, BEGIN) == 2
    outbox = Outbox(database)
    claimed = outbox.claim("mail", BEGIN + timedelta(hours=5), timedelta(minutes=1), 10)
    assert {each.message.kind for each in claimed} == {"report"}


def test_the_mail_says_what_the_files_say(database: Database, shared: Path) -> None:
    assert send(database, BEGIN) == 2
    mailbox = Mailbox(lambda: BEGIN)
    mailbox.start()
    settings = Mail(host="127.0.0.1", port=mailbox.address[1], sender="laddvakt@example.org")
    worker = OutboxWorker(Outbox(database), MailChannel(settings, "https://pages.example.org"), lambda: BEGIN)
    worker.start()
    try:
        eventually(lambda: mailbox.received == 2)
    finally:
        worker.stop()
        mailbox.stop()
    frame = ac_frame(shared)
    local = frame["plug_in"].dt.tz_convert(STOCKHOLM)
    sessions = int(((local >= "2019-06-01") & (local < "2019-07-01")).sum())
    before = int(((local >= "2019-05-01") & (local < "2019-06-01")).sum())
    by_address = {mail.recipients[0]: mail for mail in mailbox.mails}
    swedish, english = by_address["noc@example.org"], by_address["host@example.org"]
    assert swedish.subject == "Månadsrapport: Caltech, juni 2019"
    assert english.subject == "Monthly report: Caltech, June 2019"
    for mail, language, word in ((swedish, "sv", "månaden innan"), (english, "en", "the month before")):
        label = BY_NAME["sessions"].label[language]
        thousands = [f"{count:,}".replace(",", " ") for count in (sessions, before)]
        assert f"{label}: {thousands[0]} ({word}: {thousands[1]})" in mail.text.replace("\N{NO-BREAK SPACE}", " ")
        assert "https://pages.example.org/insight/report?site=acn&month=2019-06" in mail.text
        assert "<script" not in mail.html
        assert f'lang="{language}"' in mail.html

"""kill -9 at random moments of an hour of alerts, the mail server failing in every way: all is told, once, in order."""

import asyncio
import os
import random
import runpy
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import IO, Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from monitor.demo.mailbox import LoopbackController
from monitor.notify.compose import message_id
from monitor.state.database import Database
from monitor.state.tables import alerts, groups, message_alerts, outbox
from tests import postgresql
from tests.conftest import missing

KILLS = int(os.environ.get("LADDVAKT_TEST_KILLS", "20"))
A_KILL_S = 1.2
"""Of real time between two kills; the hour lasts as long as all of them."""
SCRIPT = Path(__file__).with_name("telling.py")
TELLING = runpy.run_path(str(SCRIPT), run_name="telling")
NOON, HOUR, Clock = TELLING["NOON"], TELLING["HOUR"], TELLING["Clock"]


class Weather:
    """A mail server that misbehaves by the minute of the scripted hour, and keeps what it was given."""

    def __init__(self, clock: Any) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []
        """Whom for, and what: everything of which the whole content came, in order."""
        self.always = ""
        self._clock = clock
        self._chance = random.Random(1)

    @property
    def mood(self) -> str:
        if self.always:
            return self.always
        minute = (self._clock() - NOON) / timedelta(minutes=1)
        for until, mood in ((8, "fine"), (14, "refuses"), (20, "slow"), (26, "cuts"), (30, "fine"), (48, "down")):
            if minute < until:
                return mood
        return self._chance.choice(["fine", "refuses", "cuts", "fine"]) if minute < 60 else "fine"

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.mood == "refuses":
            return self._chance.choice(["451 4.7.1 greylisted", "421 4.3.2 too busy"])
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's)
        mood = self.mood
        if mood == "refuses":
            return "452 4.3.1 no room"
        assert isinstance(envelope.content, bytes)
        self.mails.append((envelope.rcpt_tos[0], message_from_bytes(envelope.content, policy=policy.default)))
        if mood == "slow":
            await asyncio.sleep(self._chance.uniform(0, 0.4))
        if mood == "cuts" and self._chance.random() < 0.5:
            assert server.transport is not None
            server.transport.close()
        return "250 kept"


@dataclass
class World:
    """A script that runs, the mail server that it is told to use, and what became of it."""

    clock: Any
    weather: Weather
    controller: LoopbackController
    database: Database
    launcher: subprocess.Popen[str]
    running: set[int] = field(default_factory=set)

    def start(self, url: str, owner: str = "service", answer_s: float = 0.25, mail_s: float = 0.3) -> int:
        assert self.launcher.stdin
        assert self.launcher.stdout
        clock = f"{self.clock.began} {self.clock.speed}"
        self.launcher.stdin.write(f"{url} {owner} {self.controller.port} {clock} {answer_s} {mail_s}\n")
        pid = int(self.launcher.stdout.readline())
        self.running.add(pid)
        return pid

    def kill(self, pid: int) -> None:
        """As a power cut would: no handler runs."""
        os.kill(pid, signal.SIGKILL)
        self.running.remove(pid)

    def rows(self) -> Sequence[Any]:
        with self.database.read() as connection:
            return connection.execute(select(outbox).order_by(outbox.c.id)).all()

    def ended(self) -> Sequence[Any]:
        """All alerts that fired."""
        with self.database.read() as connection:
            return connection.execute(select(alerts).where(alerts.c.firing_us.is_not(None))).all()

    def alerts_of(self, message: int) -> set[int]:
        """All alerts that a message tells of, those without a row too."""
        with self.database.read() as connection:
            chosen = select(message_alerts.c.alert).where(message_alerts.c.message == message)
            return set(connection.execute(chosen).scalars())

    def finished(self) -> bool:
        """Whether the hour is over, and everybody has been told everything."""
        if self.clock() < NOON + HOUR + timedelta(minutes=2):
            return False
        with self.database.read() as connection:
            waiting = connection.execute(select(outbox.c.id).where(outbox.c.state == "waiting").limit(1)).first()
            return waiting is None and connection.execute(select(groups).limit(1)).first() is None

    def until_finished(self, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while not self.finished():
            assert time.monotonic() < deadline, [(row.id, row.state, row.error) for row in self.rows()]
            time.sleep(0.05)


@contextmanager
def world(url: str, real_s: float, log: IO[bytes]) -> Iterator[World]:
    database = Database(url)
    database.migrate()
    command = [sys.executable, str(SCRIPT)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, text=True, bufsize=1) as launcher:
        clock = Clock(time.time() + 1, HOUR.total_seconds() / real_s)
        weather = Weather(clock)
        controller = LoopbackController(weather, "127.0.0.1", 0)
        controller.start()
        here = World(clock, weather, controller, database, launcher)
        try:
            yield here
        finally:
            for pid in list(here.running):
                here.kill(pid)
            here.controller.stop()
            launcher.communicate()
            database.close()


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def told(mail: EmailMessage) -> list[tuple[int, str]]:
    """The alerts of a mail with what it says of each: their level, or that they are resolved."""
    text = text_of(mail)
    found: list[tuple[int, str]] = []
    said = ""
    for line in text.splitlines():
        if line[:2] in {"▲ ", "◆ ", "● ", "✓ "}:
            said = line[2:].partition(":")[0].lower()
        elif line.startswith("Open the alert: "):
            found.append((int(line.rpartition("/")[2]), said))
    return found


def counted(world: World, row: Any, named: set[int]) -> list[tuple[int, str]]:
    """Alerts of a digest that its rows had no room for, and that it counts as resolved."""
    rest = world.alerts_of(row.id) - named
    if not rest:
        return []
    assert row.kind == "digest"
    parts = [each for each in world.rows() if each.state == "superseded" and each.address == row.address]
    spoken_us = {
        alert: part.created_us for part in parts if part.id < row.id for alert in world.alerts_of(part.id)
    }  # by its last part
    ends = {each.id: each.resolved_us for each in world.ended() if each.resolved_us}
    return [(alert, "resolved") for alert in sorted(rest & ends.keys()) if ends[alert] <= spoken_us[alert]]


def all_was_told_once_and_in_order(world: World) -> None:
    rows = {message_id(row.key, "example.org"): row for row in world.rows()}
    first: dict[str, tuple[str, EmailMessage]] = {}
    for address, mail in world.weather.mails:
        there = first.setdefault(mail["Message-ID"], (address, mail))
        assert there[0] == address
        assert (there[1]["Subject"], text_of(there[1])) == (mail["Subject"], text_of(mail))
    assert set(first) == {number for number, row in rows.items() if row.state == "sent"}  # superseded: never seen
    assert {row.state for row in rows.values()} <= {"sent", "superseded"}

    for address in TELLING["ADDRESSES"]:
        numbers = [number for number, (to, _) in first.items() if to == address]
        for name in {rows[number].name for number in numbers}:
            ids = [rows[number].id for number in numbers if rows[number].name == name]
            assert ids == sorted(ids)  # of one group, in the order in which they were made
        heard: dict[int, list[str]] = {}
        for number in numbers:
            named = told(first[number][1])
            for alert, said in [*named, *counted(world, rows[number], {alert for alert, _ in named})]:
                heard.setdefault(alert, []).append(said)
        ended = {row.id: row for row in world.ended()}
        assert set(heard) == set(ended)
        for alert, words in heard.items():
            assert ended[alert].state == "resolved"
            assert words[-1] == "resolved", (alert, words)
            assert words.count("resolved") == 1, (alert, words)
            assert words[:-1] == sorted(words[:-1], key=["warning", "critical"].index), (alert, words)


@pytest.mark.timeout(60 + 4 * KILLS)
def test_everything_is_told_once_whatever_is_killed_and_however_the_mail_server_fails(tmp_path):
    url = f"sqlite:///{tmp_path / 'state.sqlite'}"
    chance = random.Random()
    with (tmp_path / "log").open("wb") as log, world(url, KILLS * A_KILL_S, log) as here:
        down = False
        for _ in range(KILLS):
            pid = here.start(url)
            end = time.monotonic() + chance.uniform(0, 2 * A_KILL_S)
            while time.monotonic() < end:
                down = _follow(here, down)
                time.sleep(0.01)
            here.kill(pid)
        here.start(url)
        while here.clock() < NOON + HOUR:
            down = _follow(here, down)
            time.sleep(0.01)
        here.until_finished(within_s=30 + 2 * KILLS * A_KILL_S)
        all_was_told_once_and_in_order(here)
        kinds = Counter(row.kind for row in here.rows() if row.state == "sent")
        assert kinds["digest"] >= 1
        assert kinds["firing"] >= 10
        assert kinds["resolved"] >= 4


def _follow(here: World, down: bool) -> bool:
    """Let the mail server be there or not, as its weather is."""
    wanted = here.weather.mood == "down"
    if wanted and not down:
        here.controller.stop()
    if down and not wanted:
        port = here.controller.port
        here.controller = LoopbackController(here.weather, "127.0.0.1", port)
        here.controller.start()
    return wanted


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    if postgresql.installed() is None:
        missing("no PostgreSQL here (Debian: apt-get install postgresql)")
    with postgresql.server() as address:
        yield address


def test_two_services_on_one_postgresql_send_each_message_once(tmp_path, postgresql_server):
    url = postgresql.database(postgresql_server)
    with (tmp_path / "log").open("wb") as log, world(url, 20, log) as here:
        here.weather.always = "fine"
        for owner in ("one", "two"):
            # Leases have to outlast a busy machine, and time runs 180 times as fast.
            here.start(url, owner, answer_s=300, mail_s=1800)
        here.until_finished(within_s=60)

        all_was_told_once_and_in_order(here)
        numbers = Counter(mail["Message-ID"] for _, mail in here.weather.mails)
        assert set(numbers.values()) == {1}
        assert {mail["From"].addresses[0].username for _, mail in here.weather.mails} == {"one", "two"}
    assert "Traceback" not in (tmp_path / "log").read_text()

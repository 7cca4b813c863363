"""A service as it runs for hours: readings of thousands of connectors, planted faults, and what it makes of them.

Run: `make soak` (two hours, 10,000 connectors), or `make soak SECONDS=600 CONNECTORS=1000`. It prints what it saw every
minute, and ends with 1 when memory grew in the second half, slots were missed, a planted fault was not told or anything
else was, or an error was logged that EXPLAINED does not have.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from monitor.demo.mailbox import Mailbox

ROOT = Path(__file__).parents[2]
SECONDS = int(os.environ.get("SOAK_SECONDS", "7200"))
CONNECTORS = int(os.environ.get("SOAK_CONNECTORS", "10000"))
PORT = int(os.environ.get("SOAK_PORT", "18080"))
EVERY_S = 60
"""Between two meter values of a connector."""
SITE = 10
"""Connectors of a site, two a station."""
FAULTY = max(CONNECTORS // 500, 3)
"""Connectors that report Faulted after a part of the time; every other one is well again after another."""
PLANTED, MENDED = 0.25, 0.6
GROWTH = 0.05
"""Of memory over the second half, at most."""
EXPLAINED: tuple[str, ...] = ()
"""Events logged as errors that are as they should be; none yet."""

CONFIG = """
[web]
listen = "127.0.0.1:{port}"
[mail]
host = "127.0.0.1"
port = {mail}
"""


@dataclass
class Seen:
    """What was measured at one moment."""

    at_s: float
    memory_mb: float
    ticks: float
    missed: float
    tick_s: float


@dataclass
class Fleet:
    """Half of the connectors charge; `n` counts them all."""

    faulty: list[int] = field(default_factory=list)

    def place(self, n: int) -> str:
        """The tags of a connector."""
        return f"site=site-{n // SITE:04d},station=s-{n % SITE // 2},connector={n % 2 + 1}"

    def subject(self, n: int) -> str:
        return f"site-{n // SITE:04d}/s-{n % SITE // 2}/{n % 2 + 1}"

    def beginning(self, now: int) -> list[str]:
        """Every connector's status, and a session on each second station."""
        lines = []
        for n in range(CONNECTORS):
            charging = n % 4 < 2
            lines.append(
                f'status,{self.place(n)} status="{"Charging" if charging else "Available"}",error_code="NoError" {now}'
            )
            if charging:
                lines.append(f'transaction,{self.place(n)},event=start session="{n}",meter_wh={1000 * n} {now}')
        return lines

    def readings(self, now: int, second: int, began: int) -> list[str]:
        """Of those whose turn it is in this second of the minute; idle ones send a heartbeat."""
        lines = []
        for n in range(second, CONNECTORS, EVERY_S):
            if n in self.faulty:
                continue
            if n % 4 < 2:
                energy = 1000 * n + 45_000 * (now - began) / 3600
                lines.append(f'meter,{self.place(n)} power_w=45000,energy_wh={energy:.0f},session="{n}" {now}')
            elif n % 2 == 0:
                site, station = self.place(n).split(",")[:2]
                lines.append(f"link,{site},{station},event=heartbeat interval_s=300i {now}")
        return lines


def sites() -> dict[str, Any]:
    """sites.yaml: everything DC of 50 kW."""
    found: dict[str, Any] = {}
    for n in range(CONNECTORS):
        site = found.setdefault(f"site-{n // SITE:04d}", {"stations": {}})
        station = site["stations"].setdefault(f"s-{n % SITE // 2}", {"connectors": {}})
        station["connectors"][n % 2 + 1] = {"current": "DC", "rated": "50 kW"}
    return {"sites": found}


def prepare(folder: Path, mail: int) -> None:
    """A folder of a service: the shipped rules, these sites, one receiver."""
    (folder / "laddvakt.toml").write_text(CONFIG.format(port=PORT, mail=mail))
    shutil.copytree(ROOT / "rules" / "alerts", folder / "rules" / "alerts")
    with (folder / "rules" / "sites.yaml").open("w") as file:
        YAML(typ="safe", pure=True).dump(sites(), file)
    (folder / "rules" / "notify.yaml").write_text("receivers: {noc: {mail: [noc@example.org]}}\ndefault: {to: noc}\n")


def ask(path: str, body: str | None = None) -> str:
    """The service's answer."""
    data = None if body is None else body.encode()
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", data), timeout=30
        ) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.BAD_REQUEST:
            raise
        raise SystemExit(f"{path}: {error.read().decode()[:500]}") from error


def write(lines: list[str]) -> None:
    for start in range(0, len(lines), 5000):
        ask("/api/v2/write?org=o&bucket=b&precision=s", "\n".join(lines[start : start + 5000]))


def look(pid: int, began: float) -> Seen:
    """Memory of the process and its own figures."""
    status = Path(f"/proc/{pid}/status").read_text()
    metrics = dict(re.findall(r"^(laddvakt_\w+) ([\d.e+-]+)$", ask("/metrics"), re.MULTILINE))
    return Seen(
        time.monotonic() - began,
        int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024,  # type: ignore[index]
        float(metrics["laddvakt_evaluations_total"]),
        float(metrics["laddvakt_evaluations_missed_total"]),
        float(metrics.get("laddvakt_last_evaluation_duration_seconds", "nan")),
    )


def run(process: subprocess.Popen[bytes], fleet: Fleet) -> list[Seen]:
    """Write, plant and look, second by second."""
    began, started = time.monotonic(), int(time.time())
    write(fleet.beginning(started))
    seen, planted, mended = [], False, False
    while (passed := time.monotonic() - began) < SECONDS:
        now = int(time.time())
        if not planted and passed > SECONDS * PLANTED:
            planted = True
            fleet.faulty = [4 * k * (CONNECTORS // (4 * FAULTY)) + 2 for k in range(FAULTY)]
            write([f'status,{fleet.place(n)} status="Faulted",error_code="InternalError" {now}' for n in fleet.faulty])
        if not mended and passed > SECONDS * MENDED:
            mended = True
            write([f'status,{fleet.place(n)} status="Available",error_code="NoError" {now}' for n in fleet.faulty[::2]])
        write(fleet.readings(now, now % EVERY_S, started))
        if now % 15 == 0:
            seen.append(look(process.pid, began))
            if now % 60 == 0:
                print("{at_s:7.0f} s  {memory_mb:7.0f} MB  tick {tick_s:.2f} s  {ticks:.0f} ticks, {missed:.0f} missed"
                      .format(**vars(seen[-1])), flush=True)  # fmt: skip
        time.sleep(max(0.0, now + 1 - time.time()))
    seen.append(look(process.pid, began))
    return seen


def judge(fleet: Fleet, seen: list[Seen], mails: int, log: Path) -> list[str]:
    """What is not as it should be."""
    wrong = []
    half = [each for each in seen if each.at_s > SECONDS / 2]
    slope = np.polyfit([each.at_s for each in half], [each.memory_mb for each in half], 1)[0]
    grown = slope * SECONDS / 2 / half[0].memory_mb
    print(f"memory at the end {seen[-1].memory_mb:.0f} MB, over the second half {100 * grown:+.1f} %")
    lasted = [each.tick_s for each in seen]
    print(f"ticks: median {np.nanmedian(lasted):.3f} s, longest {np.nanmax(lasted):.3f} s")
    if grown > GROWTH:
        wrong.append(f"memory grew by {100 * grown:.1f} % in the second half")
    if seen[-1].missed:
        wrong.append(f"{seen[-1].missed:.0f} slots were missed")
    alerts = json.loads(ask("/api/v1/alerts?state=all&limit=500"))["items"]
    fired = {(each["rule"], each["subject"]) for each in alerts if each["state"] in {"firing", "resolved"}}
    expected = {("connector-faulted", fleet.subject(n)) for n in fleet.faulty}
    wrong += [f"not told: {rule} of {subject}" for rule, subject in sorted(expected - fired)]
    wrong += [f"told, though nothing was planted: {rule} of {subject}" for rule, subject in sorted(fired - expected)]
    firing = {each["subject"] for each in alerts if each["state"] == "firing"}
    wrong += [f"still firing: {subject}" for subject in sorted(firing & {fleet.subject(n) for n in fleet.faulty[::2]})]
    if not mails:
        wrong.append("no mail arrived")
    for line in log.read_text().splitlines():
        told = json.loads(line) if line.startswith("{") else {"level": "error", "event": line}
        if told["level"] in {"error", "critical"} and told["event"] not in EXPLAINED:
            wrong.append(f"logged: {line[:300]}")
    return wrong


def main() -> int:
    """0: all as it should be."""
    if SECONDS < 600:
        print("a fault is told after two minutes and over after one more: SECONDS has to be 600 or more")
        return 2
    box = Mailbox(now=lambda: datetime.now(UTC))
    box.start()
    fleet = Fleet()
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name), Path(name) / "log"
        prepare(folder, box.address[1])
        with log.open("wb") as file:
            command = [Path(sys.executable).parent / "laddvakt", "run"]
            process = subprocess.Popen(command, cwd=folder, stdout=file, stderr=file)
        try:
            while True:
                try:
                    ask("/readyz")
                    break
                except OSError:
                    if process.poll() is not None:
                        print(log.read_text())
                        return 1
                    time.sleep(0.5)
            wrong = judge(fleet, run(process, fleet), len(box.mails), log)
            process.send_signal(signal.SIGTERM)
            if code := process.wait(60):
                wrong.append(f"it ended with {code}")
        finally:
            process.kill()
            box.stop()
    print(f"{CONNECTORS} connectors, {SECONDS} s, {len(fleet.faulty)} planted faults, {len(box.mails)} mails")
    print("\n".join(wrong) if wrong else "all as it should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""A service as its users run it: the installed command as a process, a real mail server, readings over HTTP."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.demo.mailbox import Mailbox

CONFIG = """
[web]
listen = "127.0.0.1:{port}"
public_url = "http://pages.example"
[mail]
host = "127.0.0.1"
port = {mail_port}
sender = "laddvakt@ops.example"
[evaluate]
interval = "1s"
settle = "0s"
"""
SITES = """
sites:
  lund:
    name: Lund Norra
    contact: "Vaktmästare, 046-12 34 56"
    offline_after: 2h
    stations:
      l-1:
        connectors:
          1: {current: DC, rated: 150 kW}
          2: {current: DC, rated: 150 kW}
"""
NOTIFY = """
receivers:
  noc: {mail: [noc@ops.example], language: sv}
default: {to: noc, group_wait: 1s, group_interval: 5s}
"""
RULES = """
rules:
  - id: no-power
    title: {en: No power, sv: Ingen effekt}
    on: connector
    when: status == "Charging" and avg(power_w, 10m) < 5 kW
    severity: critical
    for: 0s
    message:
      summary: {en: "gives {{ power_w | kw }}", sv: "ger {{ power_w | kw }}"}
"""
TARIFFS = """
tariffs:
  - id: dc
    currency: SEK
    elements:
      - price_components: [{type: ENERGY, price: 4.00, vat: 25.0, step_size: 1}]
assign:
  - {tariff: dc}
"""


@dataclass
class Running:
    """A service process and what a user can do with it."""

    command: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    log: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([self.command, "run"], cwd=self.folder, stdout=log, stderr=log)
        self.eventually(lambda: self.get("/readyz") == "ok", "the service is ready", seconds=60)

    def kill(self) -> None:
        """As a power cut would: no handler runs."""
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(5)

    def terminate(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Exit code, and how long the end took in seconds."""
        assert self.process
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(20), time.monotonic() - began

    def get(self, path: str, accept: str = "*/*") -> str:
        request = urllib.request.Request(self.url + path, headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode().strip()

    def items(self, path: str) -> list[dict[str, Any]]:
        return json.loads(self.get(path))["items"]

    def write(self, lines: str, precision: str = "s") -> int:
        address = f"{self.url}/api/v2/write?org=o&bucket=b&precision={precision}"
        request = urllib.request.Request(address, lines.encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status

    def eventually(self, check: Callable[[], Any], what: str, seconds: float = 20) -> Any:
        """Wait until `check` is true; a refused connection counts as not yet."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if found := check():
                    return found
            except (urllib.error.URLError, ConnectionError):
                pass
            if time.monotonic() > deadline:
                pytest.fail(f"not within {seconds} s: {what}\n{(self.folder / 'log').read_text()[-3000:]}")
            time.sleep(0.05)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox(now=lambda: datetime.now(UTC))
    box.start()
    yield box
    box.stop()


@pytest.fixture
def service(tmp_path: Path, laddvakt: Path, free_port: int, mailbox: Mailbox) -> Iterator[Running]:
    rules = tmp_path / "rules"
    for name, text in {"sites": SITES, "notify": NOTIFY, "alerts/a": RULES, "tariffs/t": TARIFFS}.items():
        (rules / name).parent.mkdir(parents=True, exist_ok=True)
        (rules / f"{name}.yaml").write_text(text)
    (tmp_path / "laddvakt.toml").write_text(CONFIG.format(port=free_port, mail_port=mailbox.address[1]))
    running = Running(laddvakt, tmp_path, free_port)
    yield running
    if running.process and running.process.poll() is None:
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait(5)

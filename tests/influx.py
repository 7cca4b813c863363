"""Real InfluxDB servers for tests: Debian's influxd 1.6.7, and whatever else this machine has."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from monitor.config import InfluxDB

STARTS = 5
ADMIN = ("admin", "s3cret, with = signs")


class Influxd(NamedTuple):
    """A running influxd 1.x, its process, and what the service has to know of it."""

    settings: InfluxDB
    process: subprocess.Popen[bytes]


def installed() -> str | None:
    """Debian's influxd (or another 1.x) on PATH."""
    found = shutil.which("influxd")
    if found is None:
        return None
    said = subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout
    return found if "v1." in said or "InfluxDB 1." in said or " 1." in said else None


@contextmanager
def influxd_1(
    folder: Path, *, users: bool = False, port: int | None = None, certificate: Path | None = None
) -> Iterator[Influxd]:
    """A server of its own, in a folder of its own, on a free port; again in the same folder it has the same data.

    `certificate`: of 127.0.0.1, its key in the same file; then it speaks https.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port, process = _started(folder, port, users=users, certificate=certificate)
    settings = InfluxDB(
        url=f"{'https' if certificate else 'http'}://127.0.0.1:{port}",
        username=ADMIN[0] if users else "",
        password=ADMIN[1] if users else "",
    )
    try:
        if users:
            _make_admin(settings.url)
        yield Influxd(settings, process)
    finally:
        process.kill()
        process.wait()


def _started(
    folder: Path, wanted: int | None, *, users: bool, certificate: Path | None
) -> tuple[int, subprocess.Popen[bytes]]:
    """The port it answers on, and its process; with other ports where somebody took one before it could."""
    program = installed()
    assert program is not None
    config = folder / "influxdb.conf"
    for _ in range(STARTS):
        port = wanted or _free_port()
        config.write_text(_config(folder, port, _free_port(), users=users, certificate=certificate), encoding="utf-8")
        with (folder / "influxd.log").open("ab") as log:
            process = subprocess.Popen([program, "-config", str(config)], stdout=log, stderr=log)
        if _up(port, process):
            return port, process
        process.kill()
        process.wait()
    raise RuntimeError(f"influxd does not start: see {folder / 'influxd.log'}")


def others() -> dict[str, InfluxDB]:
    """Servers that the environment names: LADDVAKT_TEST_INFLUX_URL, _TOKEN, _ORG."""
    url = os.environ.get("LADDVAKT_TEST_INFLUX_URL")
    if not url:
        return {}
    token, org = (os.environ.get(f"LADDVAKT_TEST_INFLUX_{name}", "") for name in ("TOKEN", "ORG"))
    return {"named": InfluxDB(url=url, token=token, org=org)}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _up(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Wait until it answers; False where it ended, or did not in 20 s."""
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                time.sleep(0.2)  # somebody else may listen there: then ours ends
                return process.poll() is None
        except OSError:
            time.sleep(0.05)
    return False


def _make_admin(url: str) -> None:
    name, password = ADMIN
    question = f"CREATE USER \"{name}\" WITH PASSWORD '{password}' WITH ALL PRIVILEGES"
    request = urllib.request.Request(url + "/query", data=urllib.parse.urlencode({"q": question}).encode())
    try:
        urllib.request.urlopen(request, timeout=5)
    except urllib.error.HTTPError as error:  # it is there from the last time
        assert error.code == 401


def _config(folder: Path, port: int, rpc: int, *, users: bool, certificate: Path | None) -> str:
    def text(path: str | Path) -> str:
        return json.dumps(str(folder / path))

    return f"""
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = {text("meta")}
[data]
  dir = {text("data")}
  wal-dir = {text("wal")}
  query-log-enabled = false
  max-series-per-database = 0
[coordinator]
  write-timeout = "60s"
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
  auth-enabled = {str(users).lower()}
  https-enabled = {str(certificate is not None).lower()}
  https-certificate = {text(certificate or "none")}
[monitor]
  store-enabled = false
[logging]
  level = "error"
"""

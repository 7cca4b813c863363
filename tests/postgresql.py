"""A real PostgreSQL server for tests, where this machine has one and the driver is installed."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path


def absent() -> str:
    """What is missing for it; "" when nothing is."""
    if find_spec("psycopg") is None:
        return "psycopg is not installed"
    return "" if shutil.which("initdb") and shutil.which("postgres") else "no PostgreSQL on PATH (initdb, postgres)"


@contextmanager
def server() -> Iterator[str]:
    """The SQLAlchemy address of an empty database on a server of its own; both are gone afterwards."""
    # PostgreSQL refuses to run as root, and another user cannot reach into pytest's folders.
    owner = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="laddvakt-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if owner:
            os.chown(folder, pwd.getpwnam(owner).pw_uid, -1)
        data, log = folder / "data", folder / "log"
        said = ("--username", "laddvakt", "--auth", "trust", "--encoding", "UTF8", "--no-sync")
        subprocess.run(["initdb", "--pgdata", data, *said], check=True, capture_output=True, user=owner, cwd="/")
        port = _free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["postgres", "-D", data, "-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1"],
                stdout=output, stderr=output, user=owner, cwd="/",
            )  # fmt: skip
        try:
            _until_up(port, process, log)
            yield f"postgresql+psycopg://laddvakt@127.0.0.1:{port}/postgres"
        finally:
            process.terminate()
            process.wait(20)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _until_up(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(60):
        asked = ["pg_isready", "--host", "127.0.0.1", "--port", str(port), "--timeout", "1", "--quiet"]
        if subprocess.run(asked, check=False).returncode == 0:
            return
        if process.poll() is not None:
            break
    raise RuntimeError(f"PostgreSQL does not start: {log.read_text(encoding='utf-8')}")

"""A real PostgreSQL server for tests, of Debian's package, in a folder of its own under /tmp."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, text


def installed() -> Path | None:
    """The folder of initdb and postgres; Debian keeps it off PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").exists()), None)


@contextmanager
def server() -> Iterator[str]:
    """Runs until the end of the `with`; gives what `database` wants to know. It listens on a socket only."""
    programs = installed()
    assert programs is not None
    # It refuses to run as root, and the other user has to get into the folder. A socket's path may have 107 bytes.
    user: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    socket = Path(f"/tmp/laddvakt-{uuid4().hex[:8]}")
    socket.mkdir(mode=0o755)
    if user:
        shutil.chown(socket, "postgres")
    cluster, log = socket / "cluster", socket / "log"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, *arguments], check=True, capture_output=True, cwd=socket, timeout=60, **user
        )

    try:
        run("initdb", "-D", str(cluster), "-U", "laddvakt", "--auth=trust", "-E", "UTF8", "--no-sync")
        options = f"-k {socket} -c listen_addresses='' -c fsync=off -c max_connections=100"
        run("pg_ctl", "-D", str(cluster), "-l", str(log), "-w", "-o", options, "start")
        yield f"postgresql+psycopg://laddvakt@/{{}}?host={socket}"
        run("pg_ctl", "-D", str(cluster), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(socket)


def database(address: str) -> str:
    """A new database on the server; its SQLAlchemy address."""
    name = f"test_{uuid4().hex[:12]}"
    engine = create_engine(address.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return address.format(name)

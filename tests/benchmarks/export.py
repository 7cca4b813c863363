"""What it takes to export all sessions: `python tests/benchmarks/export.py [sessions]`.

Each format by the command itself, in a process of its own, of a tenth of the sessions and of all of them: memory is
bounded when the largest it was is the same.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.compare import fill, session

FORMATS = ("csv", "json", "parquet")
DIFFERENT = 500


def export(url: str, kind: str, folder: Path) -> tuple[float, int, int]:
    """Seconds, bytes written, and the largest resident memory in kB."""
    target = folder / kind
    command = [Path(sys.executable).with_name("laddvakt"), "sessions", "export", "--format", kind, "--output", target]
    began = time.perf_counter()
    running = subprocess.Popen(command, env={**os.environ, "LADDVAKT_STATE__URL": url}, cwd=folder)
    _, status, used = os.wait4(running.pid, 0)
    if status:
        raise SystemExit(f"the export as {kind} failed")
    written = sum(file.stat().st_size for file in ([target] if target.is_file() else target.rglob("*.parquet")))
    return time.perf_counter() - began, written, used.ru_maxrss


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    chance = random.Random(7)
    bases = [session(chance) for _ in range(DIFFERENT)]
    for some in (count // 10, count):
        with tempfile.TemporaryDirectory() as name:
            url = f"sqlite:///{name}/state.sqlite"
            fill(url, bases, some)
            for kind in FORMATS:
                seconds, written, largest_kb = export(url, kind, Path(name))
                print(
                    f"{some:>9,} sessions as {kind:<8} {some / seconds:>8,.0f} a second, "
                    f"{written / some:>5.0f} bytes each, at most {largest_kb / 1024:>5.0f} MB",
                    flush=True,
                )


if __name__ == "__main__":
    main()

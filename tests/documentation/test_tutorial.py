"""docs/tutorial.md followed to the letter: every command of it, in its order, in one folder."""

import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """The lines of all blocks of shell commands."""
    blocks = re.findall(r"```sh\n(.*?)```", TUTORIAL, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.mark.timeout(180)
def test_every_step_works(laddvakt: str, free_port: int, tmp_path: Path) -> None:
    where, printed, running = tmp_path, {}, None
    path = f"{Path(laddvakt).parent}{os.pathsep}{os.environ['PATH']}"
    try:
        for written in commands():
            command = written.replace("8080", str(free_port))
            if command.startswith("cd "):
                where = where / command.removeprefix("cd ")
                continue
            if command.startswith("laddvakt demo"):
                running = subprocess.Popen(
                    [*command.split(), "--port", str(free_port)], cwd=where, env={**os.environ, "PATH": path},
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )  # fmt: skip
                _until(lambda: answers(f"http://127.0.0.1:{free_port}/readyz"))
                continue
            done = subprocess.run(command, shell=True, cwd=where, env={**os.environ, "PATH": path}, text=True,
                                  capture_output=True, check=False)  # fmt: skip
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            printed[command] = done.stdout
    finally:
        if running:
            running.terminate()
            running.wait(30)
    assert "did you mean 'expected_w'?" in printed["laddvakt check || true"]
    assert "1 tests, 0 failed" in printed["laddvakt rules test --only weak-charging"]
    [asked] = [text for command, text in printed.items() if command.startswith("curl")]
    assert '"weak-charging"' in asked


def _until(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.2)

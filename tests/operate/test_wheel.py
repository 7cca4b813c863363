"""The built wheel in a clean environment: everything that the service needs at run time is inside it."""

import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.conftest import ROOT


def get(url: str, language: str = "en") -> str:
    request = urllib.request.Request(url, headers={"Accept-Language": language, "Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


def until(url: str, holds: Callable[[str], bool], process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 60
    while True:
        try:
            if holds(text := get(url)):
                return text
        except OSError:
            pass
        assert process.poll() is None, "the service ended"
        assert time.monotonic() < deadline, url
        time.sleep(0.1)


@contextmanager
def started(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        yield process
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, (folder / "log").read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(5)


@pytest.fixture(scope="module")
def project(installed: Path, outside: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    subprocess.run([installed, "init", "ops"], cwd=folder, env=outside, check=True, capture_output=True)
    return folder / "ops"


def test_what_is_not_code_is_inside(wheel: Path) -> None:
    inside = set(ZipFile(wheel).namelist())
    tracked = subprocess.run(
        ["git", "ls-files", "monitor", "dashboards"], cwd=ROOT, text=True, capture_output=True, check=True
    ).stdout.split()
    rules = [str(path.relative_to(ROOT)) for path in (ROOT / "rules").rglob("*.yaml")]
    vendor = [str(path.relative_to(ROOT)) for path in (ROOT / "dashboards/static/vendor").iterdir() if path.suffix]
    wanted = {*tracked, *vendor, *(name.replace("rules", "monitor/starter", 1) for name in rules)}
    assert {name for name in wanted - inside if not name.endswith("/.installed")} == set()


def test_the_code_that_runs_is_the_wheels(installed: Path, outside: dict[str, str], tmp_path: Path) -> None:
    where = "import monitor, dashboards; print(monitor.__file__, dashboards.__file__)"
    python = installed.parent / "python"
    said = subprocess.run([python, "-c", where], cwd=tmp_path, env=outside, text=True, capture_output=True, check=True)
    assert str(ROOT) not in said.stdout
    assert said.stdout.count(str(installed.parents[1])) == 2


@pytest.mark.parametrize(
    "arguments",
    [["check"], ["rules", "list"], ["tariffs", "describe"]],
    ids=" ".join,
)
def test_commands_work(installed: Path, outside: dict[str, str], project: Path, arguments: list[str]) -> None:
    done = subprocess.run(
        [installed, *arguments], cwd=project, env=outside, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_runs_and_shows_its_pages_in_both_languages(
    installed: Path, outside: dict[str, str], project: Path, free_port: int
) -> None:
    environment = {**outside, "LADDVAKT_WEB__LISTEN": f"127.0.0.1:{free_port}", "LADDVAKT_EVALUATE__INTERVAL": "1s"}
    url = f"http://127.0.0.1:{free_port}"
    with started([str(installed), "run"], project, environment) as process:
        until(f"{url}/healthz", lambda text: text.strip() == "ok", process)
        until(f"{url}/readyz", lambda text: text.strip() == "ok", process)
        page = get(f"{url}/")
        assert 'lang="en"' in page
        assert 'lang="sv"' in get(f"{url}/wall", "sv")
        assert "Granskning" in get(f"{url}/", "sv")
        files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
        assert {Path(file.partition("?")[0]).name for file in files} >= {"htmx.min.js", "laddvakt.css"}
        for file in files:
            assert len(get(url + file)) > 100
        assert "slow-charging" in get(f"{url}/rules")
        assert "slow-charging" in get(f"{url}/runbooks")


def test_the_demo_shows_alerts_and_mails(
    installed: Path, outside: dict[str, str], tmp_path: Path, free_port: int
) -> None:
    url = f"http://127.0.0.1:{free_port}"
    command = [str(installed), "demo", "--port", str(free_port), "--speed", "600"]
    environment = {**outside, "TMPDIR": str(tmp_path)}
    with started(command, tmp_path, environment) as process:
        until(f"{url}/api/v1/alerts?state=firing", lambda text: '"rule"' in text, process)
        until(f"{url}/mailbox", lambda text: "/mailbox/" in text, process)
    assert list(tmp_path.glob("laddvakt-demo*")) == []

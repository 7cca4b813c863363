"""The demo as a stranger starts it: one command, pages within seconds, trouble and mails soon after, a clean end.

`make screenshots` keeps the picture of the status page for the README.
"""

import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect


@pytest.fixture
def demo(laddvakt, free_port, tmp_path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [
        laddvakt,
        "demo",
        "--port",
        str(free_port),
        "--speed",
        "45",
    ]  # beside other tests a tick may take long, and wide gaps count towards no hold time
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"TMPDIR": str(tmp_path)},
    )
    yield process, f"http://127.0.0.1:{free_port}"
    if process.poll() is None:
        process.kill()
        process.wait(5)


def page(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.URLError:
        return ""


def within(seconds: float, check: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.2)


@pytest.mark.timeout(300)
def test_the_demo_shows_trouble_sends_mails_and_ends_cleanly(demo, chrome: Browser, tmp_path, tmp_path_factory):
    process, url = demo
    within(20, lambda: "Laddvakt" in page(url), "the first page answers")
    for rule in ("slow-charging", "connector-faulted", "site-congested", "station-offline"):
        within(110, lambda rule=rule: rule in page(f"{url}/api/v1/alerts?state=firing"), f"{rule} fires")
    within(60, lambda: re.search(r'"total_incl_vat": ?"?[1-9]', page(f"{url}/api/v1/sessions")), "a session is priced")
    within(60, lambda: "site-congested" in page(f"{url}/mailbox"), "the mail about a full site has arrived")
    assert "uu-8" not in page(f"{url}/api/v1/alerts")  # it never sent a heartbeat: unknown, not offline
    assert "ur-5" not in page(f"{url}/api/v1/alerts")  # it only booted
    pictures = Path(os.environ.get("LADDVAKT_TEST_SCREENSHOTS") or tmp_path_factory.mktemp("pictures"))
    take_picture(chrome, url, pictures / "status.png")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in output
    assert list(tmp_path.iterdir()) == []


def take_picture(chrome: Browser, url: str, path: Path) -> None:
    """The status page as it stands first on the screen, drawn finer."""
    view = chrome.new_page(viewport={"width": 1280, "height": 860}, color_scheme="dark", device_scale_factor=1.5)
    view.goto(url)
    expect(view.locator("h1")).to_contain_text("critical")
    path.parent.mkdir(parents=True, exist_ok=True)
    view.screenshot(path=path)
    view.close()

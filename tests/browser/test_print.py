"""The session page on paper: one sheet of A4 for a bill of twelve lines, in Chromium's own print."""

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from dashboards import create_app
from monitor.sessions.model import Session
from monitor.tariffs.model import Amount, BillLine
from tests.browser import shots
from tests.browser.conftest import Visit
from tests.dashboards import sample
from tests.dashboards.sample import SampleService


def long_bill(session: Session) -> Session:
    """The session with twelve lines: its own ones, a reservation, occupancy by the hour, and extra services."""
    assert session.bill is not None
    lines = list(session.bill.lines)
    reserved = replace(lines[-1], dimension="TIME", reservation=True, quantity=Decimal("0.5"))
    while len(lines) < 8:
        later = timedelta(hours=len(lines))
        lines.append(replace(lines[2], start=lines[2].start + later, end=lines[2].end + later))
    services = [
        BillLine(
            dimension="SERVICE", element=None, quantity=Decimal(1), unit="session", unit_price=Decimal(80),
            vat_percent=Decimal(25), amount=Amount(Decimal(80), Decimal(100)), start=session.plug_in,
            end=session.plug_in, reason={"en": name, "sv": name},
        )
        for name in ("Car wash", "Parking at the hotel, one night", "Breakfast")
    ]  # fmt: skip
    bill = replace(session.bill, lines=(*lines, reserved, *services))
    return replace(session, id="s-long", bill=bill, flags=frozenset({"late", "gap"}))


@pytest.fixture(scope="module")
def address(service: SampleService) -> Iterator[str]:
    session = service.sessions.get("s-0001")
    assert session is not None
    service.sessions.save([long_bill(session)])
    with shots.served(create_app(service, sample.mailbox_of())) as found:
        yield found


def sheets(pdf: bytes) -> tuple[int, tuple[float, float]]:
    """How many pages a PDF has, and how large they are in millimetres."""
    width, height = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf).groups()  # type: ignore[union-attr]
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)), (float(width) / 72 * 25.4, float(height) / 72 * 25.4)


def test_a_session_of_twelve_lines_is_one_sheet(chromium: str, address: str, tmp_path: Path) -> None:
    made = tmp_path / "session.pdf"
    flags = [*shots.FLAGS, "--headless", "--virtual-time-budget=4000", "--no-pdf-header-footer"]
    command = [chromium, *flags, f"--print-to-pdf={made}", f"--user-data-dir={tmp_path / 'profile'}"]
    subprocess.run([*command, f"{address}/sessions/s-long"], check=True, capture_output=True, timeout=120)
    pages, (width, height) = sheets(made.read_bytes())
    assert pages == 1
    assert (round(width), round(height)) == (210, 297)


def test_from_a_dark_screen_too_and_the_screen_is_dark_again_afterwards(visit: Callable[..., Visit]) -> None:
    found = visit("/sessions/s-long", "dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    before = found.page.evaluate(ground)
    assert sheets(found.page.pdf(prefer_css_page_size=True))[0] == 1
    assert found.page.evaluate(ground) == before
    assert found.complaints() == []

"""The lab and the report of a backtest in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from monitor.readings.running import find
from tests.authoring.backtest.conftest import Desk, desk
from tests.authoring.backtest.test_backtest import slow_charge
from tests.browser.conftest import COMPLAINTS
from tests.browser.test_pages import serious
from tests.dashboards.test_lab import RULE, hot_hour

__all__ = ["desk"]


@pytest.fixture
def page(chrome: Browser) -> Iterator[Page]:
    context = chrome.new_context(viewport={"width": 1280, "height": 1100}, color_scheme="light")
    page = context.new_page()
    page.add_init_script(COMPLAINTS)
    yield page
    context.close()


def complaints(page: Page) -> list[str]:
    found: list[str] = page.evaluate("window.complaints")
    return found


def test_mistakes_are_told_while_typing_and_a_rule_is_tried(tmp_path: Path, page: Page) -> None:
    with hot_hour(tmp_path) as service:
        running = find(service.settings.readings_file)
        assert running
        page.goto(f"{running.address}/rules")
        page.get_by_role("link", name="Try a rule before it goes live").click()
        text = page.get_by_label("Rules", exact=True)
        text.fill(RULE.replace("temperature_c", "temprature_c"))
        expect(page.locator("#found")).to_contain_text("did you mean 'temperature_c'")
        text.press("End")
        text.fill(RULE)
        expect(page.locator("#found")).to_contain_text("No mistakes.")
        page.get_by_role("button", name="Try it on the last 24 hours").click()
        expect(page.locator("#found")).to_contain_text("1 episode, 1 mail", timeout=60_000)
        expect(text).to_have_value(RULE)
        expect(page.locator("#found")).to_contain_text("[FIRING 1] warning lund/l-1: cold")
        assert serious(page) == []
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert complaints(page) == []


def test_the_report_stands_alone_and_is_readable(desk: Desk, page: Page) -> None:
    slow_charge(desk)
    report = desk.folder / "report.html"
    desk.run("--from", "2026-05-04T12:00Z", "--to", "2026-05-04T14:00Z", "--html", str(report))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    assert asked == [report.as_uri()]
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    bar = page.locator("svg rect.critical.bar").last.bounding_box()
    assert bar
    assert bar["width"] > 10
    assert page.locator("title", has_text=re.compile("slow malmo/m-1/1")).count() == 1
    assert serious(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert complaints(page) == []

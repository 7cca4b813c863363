"""The pages on a phone, in Swedish, by thumb: large targets, cards, and what an alert asks for within reach."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_pages import PAGES
from tests.dashboards.sample import NOW, SampleService

TARGET = 44
SMALL = """least => [...document.querySelectorAll(
    "button, input:not([type=hidden]), select, textarea, summary, header a, .pager a, .links a, .standings a"
  )].filter(node => node.checkVisibility({visibilityProperty: true}) && !node.closest(".away, dialog")).map(node => {
    const box = (node.matches("[type=checkbox], [type=radio]") ? node.closest("label") : node).getBoundingClientRect();
    return [box.width, box.height, node.outerHTML.slice(0, 120)];
  }).filter(([width, height]) => width < least - 0.5 || height < least - 0.5)"""


@pytest.fixture(scope="module")
def phone(chrome: Browser, address: str) -> Iterator[Page]:
    context = chrome.new_context(
        base_url=address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, locale="sv-SE"
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", [name for name in PAGES if name != "wall"])
def test_targets_are_as_large_as_a_finger_and_nothing_scrolls_sideways(phone: Page, name: str) -> None:
    phone.goto(PAGES[name])
    expect(phone.locator("html")).to_have_attribute("lang", "sv")
    assert phone.evaluate(SMALL, TARGET) == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("path", ["/alerts?state=all", "/sessions", "/rules", "/silences", "/access", "/oncall"])
def test_rows_become_cards_that_say_what_each_value_is(phone: Page, path: str) -> None:
    phone.goto(path)
    cells = phone.locator("table.cards tbody td[data-label]:not([data-label=' '])")
    if not cells.count():
        return
    assert cells.first.evaluate("cell => getComputedStyle(cell.parentElement).display") == "grid"
    said = cells.first.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert said == f'"{cells.first.get_attribute("data-label")}"'


def test_acknowledge_is_within_reach_of_the_thumb_from_the_first_moment(phone: Page, service: SampleService) -> None:
    service.responses.withdraw(2, by="test", at=NOW)
    phone.goto("/alerts/2")
    button = phone.get_by_role("button", name="Kvittera")
    box = button.bounding_box()
    assert box
    assert 844 * 2 / 3 < box["y"] < 844 - box["height"]
    assert box["width"] > 390 * 0.8
    button.tap()
    expect(phone.get_by_text("Kvitterat av")).to_be_visible()
    assert 2 in service.responses.acknowledged([2], NOW)


def test_a_card_of_the_list_is_acknowledged_without_opening_it(phone: Page, service: SampleService) -> None:
    service.responses.withdraw(3, by="test", at=NOW)
    phone.goto("/alerts?level=critical")
    phone.locator("#row-3").get_by_role("button", name="Kvittera").tap()
    expect(
        phone.locator("#row-3").get_by_text("Kvitterat av").or_(phone.locator("#row-3[data-acknowledged]"))
    ).to_have_count(1)
    assert "level=critical" in phone.url

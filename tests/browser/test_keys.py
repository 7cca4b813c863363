"""The pages by keyboard alone, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.dashboards.sample import NOW, SampleService

Go = Callable[..., Visit]
FOCUSED = "document.activeElement.getAttribute('href')"


@pytest.mark.parametrize(
    "path", ["/", "/alerts", "/sessions", "/review", "/rules"], ids=lambda path: path[1:] or "status"
)
def test_j_and_k_go_through_a_list_and_slash_to_its_search(visit: Go, path: str) -> None:
    found = visit(path)
    page = found.page
    if path != "/rules":
        page.keyboard.press("j")
        first = page.evaluate(FOCUSED)
        assert first
        page.keyboard.press("j")
        second = page.evaluate(FOCUSED)
        assert path == "/review" or second != first
        page.keyboard.press("k")
        page.keyboard.press("k")
        assert page.evaluate(FOCUSED) == first, "it stays on the first row"
        page.keyboard.press("/")
        expect(page.locator(":focus")).to_have_js_property(
            "tagName", "SELECT" if path in {"/alerts", "/review"} else "INPUT"
        )
    assert found.complaints() == []


def test_enter_opens_the_row(visit: Go) -> None:
    page = visit("/sessions").page
    page.keyboard.press("j")
    page.keyboard.press("j")
    target = page.evaluate(FOCUSED)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{target}")


@pytest.fixture
def unanswered(service: SampleService) -> SampleService:
    """Nobody has acknowledged anything."""
    for alert in service.alerts.worst():
        service.responses.withdraw(alert.id, by="test", at=NOW)
    return service


def who_sees_to(service: SampleService, number: int) -> bool:
    return number in service.responses.acknowledged([number], NOW)


def number_of(page: Page) -> int:
    return int(page.evaluate(FOCUSED).rsplit("/", 1)[1].partition("?")[0])


@pytest.mark.parametrize("path", ["/alerts", "/alerts?zone=utc&level=critical", "/"])
def test_a_acknowledges_the_row_and_comes_back_to_it(visit: Go, unanswered: SampleService, path: str) -> None:
    found = visit(path)
    page = found.page
    while "/alerts/" not in (page.evaluate(FOCUSED) or ""):
        page.keyboard.press("j")
    number = number_of(page)
    with page.expect_navigation():
        page.keyboard.press("a")
    assert who_sees_to(unanswered, number)
    assert page.url.endswith(path)
    assert number_of(page) == number
    assert found.complaints() == []


def test_a_acknowledges_the_alert_of_the_page_and_s_opens_its_silence(visit: Go, unanswered: SampleService) -> None:
    page = visit("/alerts/2").page
    page.keyboard.press("s")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_label("Reason")).to_have_value("a")
    page.locator("h1").click()
    with page.expect_navigation():
        page.keyboard.press("a")
    assert who_sees_to(unanswered, 2)


def test_s_on_a_row_leads_to_the_silence_of_its_alert(visit: Go) -> None:
    page = visit("/alerts").page
    page.keyboard.press("j")
    target = page.evaluate(FOCUSED)
    page.keyboard.press("s")
    page.wait_for_url(f"**{target}#silence")
    expect(page.get_by_label("Reason")).to_be_focused()


def test_t_changes_the_colours_and_the_help_says_all_of_it(visit: Go) -> None:
    found = visit("/", "light")
    page = found.page
    page.keyboard.press("t")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    assert keys.locator("kbd").all_inner_texts() == ["/", "j", "k", "Enter", "a", "s", "t", "?"]
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.get_by_role("button", name="Keys").click()
    expect(keys).to_be_visible()
    assert found.complaints() == []


def test_keys_can_be_turned_off_and_leave_the_browsers_own_alone(visit: Go) -> None:
    page = visit("/alerts").page
    page.keyboard.press("Control+j")
    assert page.evaluate(FOCUSED) is None
    page.keyboard.press("?")
    page.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("j")
    assert page.evaluate(FOCUSED) is None

"""Every page in a real browser: nothing breaks the policy, axe finds nothing serious, nothing scrolls sideways."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.dashboards.sample import SampleService, Ticks

PAGES = {
    "status": "/", "wall": "/?tv=1", "site": "/sites/malmo-central", "connector": "/connectors/malmo-central/mc-1/1",
    "alerts": "/alerts?state=all", "alert": "/alerts/2", "sessions": "/sessions", "session": "/sessions/s-0001",
    "under way": "/sessions/s-now", "review": "/review", "rules": "/rules", "tariffs": "/tariffs",
    "compare": "/tariffs/compare?tariff=dc-public", "health": "/health", "mailbox": "/mailbox", "mail": "/mailbox/1",
    "on call": "/oncall", "given up": "/undelivered", "alert that is over": "/alerts/3",
    "performance": "/insight?by=connector", "congestion": "/insight/congestion", "behaviour": "/insight/behaviour",
    "revenue": "/insight/revenue?tariff=dc-public&cost=1.2",
    "report": "/insight/report?site=malmo-central&month=2026-03", "groups": "/alerts?group=site",
    "empty list": "/alerts?rule=none", "silences": "/silences", "access": "/access", "audit": "/audit",
    "rule": "/rules/connector-faulted", "not registered": "/health/unregistered", "settings": "/health/settings",
    "public": "/public", "lab": "/rules/lab", "runbooks": "/runbooks", "api": "/api/v1/reference",
    "shapes": "/api/v1/reference/shapes", "missing": "/alerts/999",
}  # fmt: skip
Go = Callable[..., Visit]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_accessible_in_dark_and_light_and_fits_a_phone(visit: Go, name: str) -> None:
    found = visit(PAGES[name])
    assert serious(found.page) == []
    found.page.emulate_media(color_scheme="light")
    assert serious(found.page, "color-contrast") == []  # the rest does not depend on colours
    for width in (768, 390):
        found.page.set_viewport_size({"width": width, "height": 844})
        assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    assert own(found.complaints()) == []


def own(complaints: list[str]) -> list[str]:
    """Without those that we want: a mail's own script is refused by its frame, and what is missing is missing."""
    wanted = [("/mailbox/1/html", "sandboxed"), ("status of 404", "NOT FOUND")]
    return [each for each in complaints if not any(a in each and b in each for a, b in wanted)]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_accessible_in_swedish_in_light_and_dark(visit: Go, name: str) -> None:
    path = PAGES[name]
    found = visit(f"{path}{'&' if '?' in path else '?'}lang=sv", "light")
    expect(found.page.locator("html")).to_have_attribute("lang", "sv")
    assert serious(found.page) == []
    found.page.emulate_media(color_scheme="dark")
    assert serious(found.page, "color-contrast") == []
    assert own(found.complaints()) == []


def serious(page: Page, *rules: str) -> list[str]:
    """What axe finds serious or critical, by these rules or all."""
    options = {"runOnly": list(rules)} if rules else {}
    return [
        f"{violation['id']}: {violation['nodes'][0]['html']} ({violation['nodes'][0]['failureSummary']})"
        for violation in Axe().run(page, options=options).response["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]


def test_the_curve_is_drawn_and_read_out_by_the_keys(visit: Go) -> None:
    found = visit("/sessions/s-0001")
    chart = found.page.locator("[data-curve]")
    expect(chart.locator("canvas")).to_have_count(1)
    chart.focus()
    found.page.keyboard.press("ArrowRight")
    expect(found.page.locator("output")).to_contain_text("kW")
    before = found.page.locator("output").inner_text()
    found.page.keyboard.press("ArrowRight")
    expect(found.page.locator("output")).not_to_have_text(before)
    assert found.complaints() == []


def test_a_filter_changes_the_list_and_the_address_without_losing_focus(visit: Go) -> None:
    found = visit("/")
    search = found.page.get_by_label("Search")
    search.press_sequentially("hagastaden", delay=5)
    expect(found.page.locator(".site")).to_have_count(1)
    expect(search).to_be_focused()
    expect(search).to_have_value("hagastaden")
    assert "q=hagastaden" in found.page.url
    assert found.complaints() == []


def test_the_theme_can_be_switched_and_is_remembered(visit: Go) -> None:
    page = visit("/", "light").page
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Colours").click()
    assert page.evaluate(ground) != light
    page.reload()
    assert page.evaluate(ground) != light


def test_the_clock_ticks_between_polls(visit: Go) -> None:
    clock = visit("/?tv=1").page.locator("[data-clock]")
    before = clock.inner_text()
    expect(clock).not_to_have_text(before, timeout=3000)


def test_a_tick_is_morphed_in_and_open_details_stay_open(visit: Go, service: SampleService) -> None:
    found = visit("/connectors/malmo-central/mc-1/1")
    details = found.page.locator("details")
    details.locator("summary").click()
    canvas = found.page.locator("canvas").element_handle()
    service.ticks = Ticks(count=service.ticks.count + 1, last_error="the store is away")
    with found.page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        found.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as if it were looked at again
    expect(found.page.get_by_text("the store is away")).to_be_visible()
    expect(details).to_have_attribute("open", "")
    assert canvas.evaluate("node => node.isConnected")
    service.ticks = Ticks(count=service.ticks.count + 1)
    assert found.complaints() == []


def _run_until(page: Page, reached: Callable[[], bool]) -> None:
    """Let the page's clock run in steps, and real time for what a request does in between."""
    for _ in range(60):
        page.clock.run_for(2_000)
        page.wait_for_timeout(30)
        if reached():
            return


def test_a_server_that_does_not_answer_is_said_after_two_failures(visit: Go) -> None:
    page = visit("/").page
    page.clock.install()
    page.reload()
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.route("**/*", lambda route: route.abort())
    _run_until(page, lambda: page.locator("#stale").is_visible())
    assert len(failed) >= 2
    page.unroute("**/*")
    _run_until(page, lambda: page.locator("#stale").is_hidden())
    expect(page.locator("#stale")).to_be_hidden()


def test_the_mosaic_is_walked_by_the_keys_and_leads_to_a_connector(visit: Go) -> None:
    found = visit("/")
    tiles = found.page.locator("[data-tiles] canvas")
    told = found.page.locator("[data-mosaic] output")
    tiles.press("ArrowRight")
    expect(told).to_contain_text(" / ")
    first = told.text_content()
    tiles.press("ArrowRight")
    expect(told).not_to_have_text(first or "")
    tiles.press("Home")
    expect(told).to_have_text(first or "")
    tiles.press("Enter")
    expect(found.page).to_have_url(re.compile("/connectors/"))
    assert own(found.complaints()) == []


def test_a_shape_of_the_api_is_open_when_it_is_come_to(visit: Go) -> None:
    page = visit("/api/v1/reference").page
    page.locator("#alerts summary").click()
    page.locator("#alerts").get_by_role("link").first.click()
    page.wait_for_url("**/shapes#*")
    expect(page.locator(":target")).to_be_visible()

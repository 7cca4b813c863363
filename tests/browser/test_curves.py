"""Curves by mouse and keyboard: a stretch that is dragged over stands in the address, and everything else follows."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from dashboards.formats import iso
from tests.browser.conftest import Visit
from tests.dashboards.sample import NOW, SLOW, SampleService

Go = Callable[..., Visit]
CONNECTOR = "/connectors/malmo-central/mc-1/1"


def drag(page: Page) -> None:
    """Over the second half of the chart, where the sample has its readings."""
    box = page.locator("[data-curve] .u-over").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 30, steps=5)
    page.mouse.up()


def shown(page: Page) -> tuple[float, float]:
    """The stretch of the curve, as the server gave it."""
    found: list[float] = page.evaluate(
        "(({from, to}) => [from, to])(JSON.parse(document.querySelector('[data-curve]').dataset.curve))"
    )
    return found[0], found[1]


@pytest.mark.parametrize("kind", ["connector", "session", "alert"])
def test_a_drag_zooms_into_the_address_and_a_reload_keeps_it(visit: Go, service: SampleService, kind: str) -> None:
    alert = next(each for each in service.alerts.list(limit=100) if each.place == SLOW)
    page = visit({"connector": CONNECTOR, "session": "/sessions/s-0001", "alert": f"/alerts/{alert.id}"}[kind]).page
    page.wait_for_selector("[data-curve] canvas")
    whole = shown(page)
    drag(page)
    page.wait_for_url("**from=*")
    page.wait_for_function(
        "(span) => { const c = JSON.parse(document.querySelector('[data-curve]').dataset.curve);"
        " return c.to - c.from < span * 0.7; }",
        arg=whole[1] - whole[0],
    )
    asked = parse_qs(urlsplit(page.url).query)
    assert set(asked) == {"from", "to"}
    near = shown(page)
    assert near[1] - near[0] == pytest.approx((whole[1] - whole[0]) / 2, rel=0.1)
    page.reload()
    page.wait_for_selector("[data-curve] canvas")
    assert shown(page) == near
    page.get_by_role("link", name="As it was").click()
    page.wait_for_selector("[data-curve] canvas")
    assert shown(page)[1] - shown(page)[0] == pytest.approx(whole[1] - whole[0], rel=0.01)


def test_back_shows_what_was_before(visit: Go) -> None:
    page = visit(CONNECTOR).page
    page.wait_for_selector("[data-curve] canvas")
    whole = shown(page)
    drag(page)
    page.wait_for_url("**from=*")
    page.go_back()
    page.wait_for_function(
        "(span) => { const c = JSON.parse(document.querySelector('[data-curve]').dataset.curve);"
        " return c.to - c.from > span * 0.9; }",
        arg=whole[1] - whole[0],
    )
    assert "from=" not in page.url


def test_by_keyboard_alone(visit: Go) -> None:
    since, until = NOW - timedelta(hours=2), NOW + timedelta(minutes=30)
    page = visit(f"{CONNECTOR}?from={iso(since)}&to={iso(until)}").page
    whole = shown(page)
    page.get_by_role("link", name="Closer").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**from={iso(since + (until - since) / 4).replace(':', '*')}*")
    assert shown(page)[1] - shown(page)[0] == pytest.approx((whole[1] - whole[0]) / 2, rel=0.01)


def test_full_screen_and_back(visit: Go) -> None:
    found = visit(CONNECTOR)
    page = found.page
    chart = page.locator("[data-curve] canvas").first
    before = chart.bounding_box()
    page.get_by_role("button", name="Full screen").click()
    page.wait_for_function("document.fullscreenElement !== null")
    expect(page.locator("figure.curve")).to_be_visible()
    page.wait_for_function(
        "(low) => document.querySelector('[data-curve] canvas').getBoundingClientRect().height > low",
        arg=(before or {"height": 0})["height"] + 50,
    )
    page.get_by_role("button", name="Full screen").click()
    page.wait_for_function("document.fullscreenElement === null")
    assert found.complaints() == []

"""The way in, in a real browser: by keyboard, in both languages, from a mail, and on the wall."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from monitor.access.links import Links
from tests.browser import shots
from tests.browser.conftest import COMPLAINTS
from tests.browser.test_pages import serious
from tests.dashboards.sample import NOW
from tests.security.cases import PASSWORD, SECRETS, Guarded, guarded


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("guarded")) as both:
        yield both


@pytest.fixture(scope="module")
def address(guard: Guarded) -> Iterator[str]:
    with shots.served(guard[1]) as found:
        yield found


@pytest.fixture
def context(chrome: Browser, address: str) -> Iterator[BrowserContext]:
    made = chrome.new_context(base_url=address, viewport={"width": 1440, "height": 900}, color_scheme="dark")
    made.add_init_script(COMPLAINTS)
    yield made
    made.close()


def test_login_by_keyboard_leads_to_the_page_that_was_asked_for_and_logout_back(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/sessions?site=malmo-central")
    page.get_by_label("User name").fill("operator")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("User name or password is wrong")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url("/sessions?site=malmo-central")
    expect(page.get_by_role("link", name="Access", exact=True)).to_have_count(0)
    page.goto("/alerts/2")
    page.get_by_placeholder("comment").fill("on my way")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Acknowledged by")).to_contain_text("operator")
    assert page.evaluate("window.complaints") == []
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url("/login")


@pytest.mark.parametrize("path", ["/login", "/wall", "/m/LINK", "/m/forged"])
def test_pages_before_a_login_are_accessible_and_fit_a_phone(
    context: BrowserContext, guard: Guarded, path: str
) -> None:
    page = context.new_page()
    link = Links(guard[0].key).sign("silence", 2, "noc@example.org", NOW)
    page.goto(path.replace("LINK", link))
    assert serious(page) == []
    page.emulate_media(color_scheme="light")
    assert serious(page, "color-contrast") == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("window.complaints") == []


@pytest.mark.parametrize("path", ["/access", "/audit", "/account", "/silences", "/alerts/2", "/api/v1/reference"])
def test_pages_behind_a_login_are_accessible_and_fit_a_phone(context: BrowserContext, path: str) -> None:
    page = context.new_page()
    page.goto(f"/login?next={path}")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(path)
    assert serious(page) == []
    page.emulate_media(color_scheme="light")
    assert serious(page, "color-contrast") == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("window.complaints") == []


def test_a_screens_token_is_gone_from_the_address_and_the_wall_stays(context: BrowserContext) -> None:
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/wall#{SECRETS['wall']}")
    expect(page).to_have_url("/?tv=1")
    expect(page.locator("h1")).to_be_visible()
    assert not [url for url in asked if SECRETS["wall"] in url]
    page.go_back()
    assert SECRETS["wall"] not in page.url


def test_a_mails_link_acknowledges_with_one_button(context: BrowserContext, guard: Guarded) -> None:
    service, _ = guard
    service.responses.withdraw(2, by="test", at=NOW)
    page = context.new_page()
    page.goto(f"/m/{Links(service.key).sign('acknowledge', 2, 'noc@example.org', NOW)}")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("status")).to_contain_text("Acknowledged.")
    assert service.responses.acknowledged([2], NOW)[2].by == "noc@example.org"

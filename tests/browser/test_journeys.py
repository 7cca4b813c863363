"""What people come for, from the first look to the end, in a real browser; test_login.py has the way in."""

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from monitor.access.links import Links
from tests.browser import shots
from tests.browser.conftest import COMPLAINTS
from tests.dashboards.sample import NOW, SLOW
from tests.security.cases import PASSWORD, Guarded, guarded

Enter = Callable[..., Page]


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("journeys")) as both:
        yield both


@pytest.fixture(scope="module")
def address(guard: Guarded) -> Iterator[str]:
    with shots.served(guard[1]) as found:
        yield found


@pytest.fixture
def enter(chrome: Browser, address: str) -> Iterator[Enter]:
    contexts = []

    def go(role: str, path: str = "/", locale: str = "en-GB") -> Page:
        context = chrome.new_context(base_url=address, viewport={"width": 1440, "height": 900}, locale=locale)
        contexts.append(context)
        context.add_init_script(COMPLAINTS)
        page = context.new_page()
        page.goto(f"/login?next={path}")
        page.locator("input[name=username]").fill(role)
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(address + path)
        return page

    yield go
    for context in contexts:
        assert all(page.evaluate("window.complaints") == [] for page in context.pages)
        context.close()


def test_from_a_red_site_to_its_cause_in_two_clicks(enter: Enter) -> None:
    page = enter("viewer")
    page.get_by_role("link", name="Malmö Central", exact=True).first.click()
    page.locator(".alert").get_by_role("link", name="Slow charging").click()
    expect(page.locator("h1")).to_contain_text("Slow charging · Malmö Central / mc-1 / 1")
    expect(page.get_by_text("Connector 1 gives 11,2 kW, 118 kW expected")).to_be_visible()
    expect(page.get_by_text("Probable cause:")).to_be_visible()
    expect(page.locator("[data-curve] canvas")).to_have_count(1)


def test_from_a_mails_link_to_the_alert_in_the_reader_of_the_mails_language(
    chrome: Browser, address: str, guard: Guarded
) -> None:
    service, _ = guard
    service.responses.withdraw(3, by="test", at=NOW)
    context = chrome.new_context(base_url=address, locale="sv-SE", viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"/m/{Links(service.key).sign('acknowledge', 3, 'field@example.org', NOW)}")
    page.get_by_label("Ditt namn").fill("Anna")
    page.get_by_role("button", name="Kvittera").click()
    expect(page.get_by_role("status")).to_contain_text("Kvitterat.")
    assert service.responses.acknowledged([3], NOW)[3].by == "Anna (field@example.org)"
    context.close()


def test_a_silence_shows_what_it_hides_before_it_is_made_and_can_be_ended(enter: Enter, guard: Guarded) -> None:
    [slow] = guard[0].alerts.list(rule="slow-charging")
    page = enter("operator", f"/alerts/{slow.id}")
    page.get_by_text("Silence…").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text(f"subject: {SLOW.subject}")
    page.locator("select[name=what]").select_option("all")
    expect(preview).to_contain_text("site: malmo-central")
    expect(preview).not_to_contain_text("rule:")
    expect(preview).to_contain_text("1 alert")
    page.locator("select[name=what]").select_option("site")
    expect(preview).to_contain_text("rule: slow-charging")
    page.get_by_label("Reason").fill("a technician is there")
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_text("Silenced by")).to_contain_text("operator")
    page.get_by_role("link", name="Silences").click()
    expect(page.get_by_text("a technician is there")).to_be_visible()
    page.get_by_role("button", name="End now").click()
    expect(page.get_by_text("Nothing is silenced.")).to_be_visible()


def test_a_doubtful_session_is_reviewed_and_then_has_a_price(enter: Enter) -> None:
    page = enter("operator", "/review")
    row = page.locator("#waits-s-0006")
    row.get_by_text("Decide", exact=True).click()
    row.get_by_label("Reason").fill("the register was read by hand")
    row.get_by_role("button", name="Approve as measured").click()
    expect(page.locator("#waits-s-0006")).to_have_count(0)
    page.goto("/sessions/s-0006")
    expect(page.get_by_text("approved")).to_be_visible()
    expect(page.locator(".bill tfoot")).to_contain_text("kr")


def test_from_the_list_of_sessions_to_the_record_that_is_sent(enter: Enter) -> None:
    page = enter("viewer", "/sessions")
    page.get_by_label("Look for").fill("s-0001")
    page.keyboard.press("Enter")
    expect(page.locator("table.sessions tbody tr")).to_have_count(1)
    page.locator("table.sessions tbody th a").click()
    total = page.locator(".bill tfoot").inner_text()
    page.get_by_role("link", name="2.2.1").click()
    record = json.loads(page.locator("body").inner_text())
    assert record["id"]
    assert record["total_cost"]["incl_vat"] == pytest.approx(465.27, abs=0.01)
    assert "465,27" in total


@pytest.mark.parametrize(("locale", "said", "why"), [
    ("en-GB", "Not allowed", "viewer may not do this"), ("sv-SE", "Inte tillåtet", "viewer får inte göra det här"),
], ids=["English", "Swedish"])  # fmt: skip
def test_a_role_that_may_not_is_refused_with_the_reason(enter: Enter, locale: str, said: str, why: str) -> None:
    page = enter("viewer", "/alerts/2", locale)
    assert page.locator("[data-acknowledge], #silence").count() == 0
    page.keyboard.press("a")
    page.goto("/access")
    expect(page.locator("h1")).to_contain_text(said)
    expect(page.get_by_text(why)).to_be_visible()


def test_a_language_is_chosen_once_and_holds_for_every_page_and_the_next_visit(enter: Enter) -> None:
    page = enter("viewer", "/alerts")
    page.get_by_role("link", name="Svenska").click()
    expect(page.locator("html")).to_have_attribute("lang", "sv")
    page.get_by_role("link", name="Sessioner", exact=True).click()
    expect(page.locator("h1")).to_have_text("Sessioner")
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_have_text("Sessions")


def test_times_are_read_in_the_browsers_zone_and_in_utc(chrome: Browser, address: str, enter: Enter) -> None:
    page = enter("viewer", "/alerts/3")
    page.get_by_role("button", name="Times in").click()
    page.get_by_role("link", name="UTC").click()
    expect(page.locator("figcaption")).to_contain_text("Times in UTC.")
    assert page.locator("html").get_attribute("data-zone") == "UTC"
    cookies = page.context.cookies()
    abroad = chrome.new_context(base_url=address, timezone_id="America/New_York")
    abroad.add_cookies([cookie for cookie in cookies if cookie["name"] == "laddvakt"])  # type: ignore[misc]
    there = abroad.new_page()
    there.goto("/alerts/3?zone=mine")  # the first visit: nothing has told the service of the zone yet
    expect(there.locator("figcaption")).to_contain_text("Times in America/New_York.")
    abroad.close()
